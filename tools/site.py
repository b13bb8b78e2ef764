"""`make site`: the pages as a site in build/site, with live comparers and no request to any other host.

It shows what notebooks/ and figures/ hold, and trains nothing. `python -m http.server -d build/site` serves it.
`DEMO=1` adds a page that enlarges a reader's photograph in the browser; it needs npm, which fetches ONNX Runtime.
"""

import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import jinja2
import latex2mathml.converter
import nbformat
import pooch
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from PIL import Image
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from sr_utils import StudyError, models, paths, widgets
from sr_utils.claims import phrases, record
from sr_utils.data import load
from sr_utils.data.windows import telling_window
from sr_utils.evaluation import upscale
from sr_utils.filters import edge_enhance
from tools import command
from tools.publish import run_shown

TEMPLATE = Path(__file__).with_name("template")
CARD = "sr_utils/models/weights/README.md"
WIDGET = Path(widgets.__file__).parent
IMAGES = ("rocket", "chelsea", "ihc")  # in scikit-image's wheel, free to pass on; its fourth would be 8 MB here
STATE = ("image", "images", "labels", "titles", "shown", "sides", "palette", "x", "y", "size", "errors", "left",
         "right", "wipe", "message")  # fmt: skip
CODE = {"light": "default", "dark": "github-dark"}  # Pygments' styles
RUNTIME = "onnxruntime-web@1.30.0"  # from npm
RUNTIME_HASH = (
    "sha512:ab4cbe26baedba45d2cec05610c71c55fa97db92d19a8b171c5f8269126683ca"
    "590a5cdc57bb2f35ce2b298de32f4d956fb42644c0ecd528a0a91e025c07ca61"
)
RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs")
RUNTIME_BINARY = "ort-wasm-simd-threaded.wasm"  # packed, it has 4 MB instead of 14
SHIPPED = "Here it compares the two trained networks that come with the study; in JupyterLab, this page's own arms."


class Renderer(IPythonRenderer):
    """Markdown as JupyterLab shows it, with formulas as MathML and links that stay on the site."""

    def __init__(self):
        super().__init__(escape=False)

    def block_math(self, body: str) -> str:
        return latex2mathml.converter.convert(body, display="block")

    def inline_math(self, body: str) -> str:
        return latex2mathml.converter.convert(body)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        here = re.sub(r"^(?:notebooks/)?(\w+)\.ipynb", r"\1.html", url)
        if here.endswith(CARD):
            here = "card.html"
        if here == url and not re.match(r"#|https?:", url):
            return text  # a file of the repository, which the site does not hold
        return super().link(text, here, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return super().image(text, f"figures/{url.rsplit('/', 1)[-1]}", title)

    def table(self, text: str) -> str:
        return f'<div class="table"><table>{text}</table></div>'  # which scrolls on a phone


def to_html(markdown: str) -> str:
    """Markdown as HTML; see `Renderer`."""
    return MarkdownWithMath(renderer=Renderer()).render(markdown)


def summary(name: str, page) -> dict:
    """What the other pages say about this one: its name, title, question and contents."""
    html = to_html("\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown"))
    opening = page.cells[0].source.splitlines()
    return {
        "name": name,
        "title": opening[0].lstrip("# "),
        "question": re.sub(r"<[^>]+>", "", to_html(opening[2])),
        "contents": re.findall(r'<h2 id="(.+?)">(.+?)<a class="anchor-link"', html),
        "compared": "" if name.startswith("01") else SHIPPED,
    }


def exporter() -> HTMLExporter:
    """Notebooks to HTML by the study's own template, with every picture as a file."""
    config = Config({"ExtractOutputPreprocessor": {"enabled": True}})
    made = HTMLExporter(extra_template_basedirs=[str(TEMPLATE.parent)], template_name=TEMPLATE.name, config=config)
    made.register_filter("markdown2html", to_html)
    return made


def arms(page: str) -> dict:
    """Label -> function from LR to SR, of the networks that a page's comparer shows here."""
    srcnn, combined = (models.load(arm) for arm in ("srcnn", "combined"))
    if page.startswith("01"):
        return {"bilinear": "bilinear", "srcnn": srcnn}
    if page.startswith("05"):
        sharp = {f"strength {s:g}": lambda lr, s=s: edge_enhance(upscale(srcnn, lr), s) for s in (0.1, 1)}
        return {"srcnn": srcnn, **sharp}
    return {"srcnn": srcnn, "combined": combined}


class Comparers:
    """Writes comparers' models and pictures; a picture that several comparers show is made and written once."""

    def __init__(self, folder: Path):
        self.folder, self._kept = folder, {}
        folder.mkdir()
        self.pairs = sorted((p for p in load("sample").valid if p.name in IMAGES), key=lambda p: IMAGES.index(p.name))

    def write(self, page: str) -> None:
        """comparers/<page>.json (what `comparer.js` asks of a model), its still picture, and the pictures."""
        named, images = arms(page), {}
        for pair in self.pairs:
            sr = {label: self._sr(label, arm, pair) for label, arm in named.items()}
            images[pair.name] = {"lr": pair.lr, **sr, "hr": pair.hr}
        comparer = widgets.compare(images)
        comparer.y, comparer.x = telling_window(self.pairs[0].lr, self.pairs[0].hr, comparer.size)
        (self.folder / f"{page}.png").write_bytes(comparer.still())
        state = {name: getattr(comparer, name) for name in STATE}
        for comparer.image in images:
            pass  # every picture is made
        state["scenes"] = comparer.scenes
        for image, scene in comparer.scenes.items():
            for label, key in scene["pictures"].items():
                file = f"{image}-{label.replace(' ', '-')}.webp"
                state[key] = f"comparers/{file}"
                if not (self.folder / file).exists():
                    (self.folder / file).write_bytes(smaller(getattr(comparer, key)))
        (self.folder / f"{page}.json").write_text(json.dumps(state))

    def _sr(self, label, arm, pair):
        key = (label, pair.name)
        if key not in self._kept:
            self._kept[key] = upscale(arm, pair.lr)
        return self._kept[key]


def smaller(png: bytes) -> bytes:
    """The same pixels as lossless WebP, a third smaller."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).save(buffer, "webp", lossless=True, quality=80)
    return buffer.getvalue()


def findings_shown(page) -> tuple:
    """(findings, caption) of the run that a page shows; None and "" where it shows none."""
    run = run_shown(page)
    if not run:
        return None, ""
    kept = record.read(run["profile"])
    return list(phrases.findings(kept["claims"]).itertuples()), kept["caption"]


def code_style() -> str:
    """CSS of highlighted code, light and dark."""
    return "\n".join(
        HtmlFormatter(style=style, nobackground=True).get_style_defs(f'[data-theme="{theme}"] .highlight')
        for theme, style in CODE.items()
    )


def add_demo(folder: Path) -> None:
    """ONNX Runtime and the combined model for the page "Your photograph". Raises `StudyError` without npm."""
    from tools.export import to_onnx  # it needs ONNX, which only this page asks for

    if not shutil.which("npm"):
        raise StudyError("DEMO=1 needs npm, which comes with Node.js; install it, or leave DEMO out.")
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", RUNTIME, "--silent", "--pack-destination", scratch]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            raise StudyError(f"npm could not fetch {RUNTIME}; look at its message above, or leave DEMO out.")
        (archive,) = Path(scratch).glob("*.tgz")
        if f"sha512:{pooch.file_hash(str(archive), 'sha512')}" != RUNTIME_HASH:
            raise StudyError(f"{RUNTIME} is not the file that this study knows; try again, or leave DEMO out.")
        (folder / "assets/ort").mkdir()
        with tarfile.open(archive) as package:
            for file in RUNTIME_FILES:
                content = package.extractfile(f"package/dist/{file}").read()
                (folder / "assets/ort" / file).write_bytes(content)
            binary = package.extractfile(f"package/dist/{RUNTIME_BINARY}").read()
            (folder / "assets/ort" / f"{RUNTIME_BINARY}.gz").write_bytes(gzip.compress(binary, mtime=0))
    (folder / "assets/combined.onnx").write_bytes(to_onnx(models.load("combined")).SerializeToString())
    shutil.copy(TEMPLATE / "photograph.js", folder / "assets")


def build_site(folder: Path, notebooks: Path = paths.NOTEBOOKS, demo: bool = False) -> None:
    """Write the whole site into a folder, which is made anew; `demo` adds the page "Your photograph"."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "assets").mkdir(parents=True)
    shutil.copy(TEMPLATE / "site.js", folder / "assets")
    (folder / "assets/site.css").write_text((TEMPLATE / "site.css").read_text() + code_style())
    for half in ("comparer.js", "comparer.css"):
        shutil.copy(WIDGET / half, folder / "assets")
    sources = {path.stem: nbformat.read(path, as_version=4) for path in sorted(notebooks.glob("0*.ipynb"))}
    pages = [summary(name, page) for name, page in sources.items()]
    comparers, convert = Comparers(folder / "comparers"), exporter()
    for page in pages:
        notebook = sources[page["name"]]
        outputs = {"output_files_dir": "figures", "unique_key": page["name"], "page": page, "pages": pages}
        html, made = convert.from_notebook_node(notebook, resources=outputs)
        (folder / f"{page['name']}.html").write_text(html)
        for file, content in made["outputs"].items():
            target = (folder / file).with_suffix(".webp")
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(smaller(content))
        if any("widgets.compare" in cell.source for cell in notebook.cells):
            comparers.write(page["name"])
    comparers.write("index")
    findings, caption = findings_shown(next(iter(sources.values())))
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATE))
    readme = (paths.ROOT / "README.md").read_text()
    title, lead = readme.split("\n", 1)[0], re.search(r"^[A-Z].+$", readme, re.M)[0]
    home = environment.get_template("home.html.j2").render(
        pages=pages, lead=to_html(f"{title}\n\n{lead}"), findings=findings, caption=caption, demo=demo
    )
    (folder / "index.html").write_text(home)
    for picture in (paths.ROOT / "figures/weights").glob("*.png"):  # of the model card
        (folder / "figures").mkdir(exist_ok=True)
        shutil.copy(picture, folder / "figures")
    card = environment.get_template("card.html.j2").render(pages=pages, card=to_html((paths.ROOT / CARD).read_text()))
    (folder / "card.html").write_text(card)
    if demo:
        add_demo(folder)
        (folder / "photograph.html").write_text(environment.get_template("photograph.html.j2").render(pages=pages))


@command("site")
def main() -> int:
    folder = paths.output() / "site"
    build_site(folder, demo=bool(os.environ.get("DEMO")))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"wrote {folder}, {size / 1e6:.1f} MB; look at it with: python -m http.server -d {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
