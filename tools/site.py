"""`make site`: the pages as a site in build/site, with live comparers and no request to any other host.

It shows what notebooks/, README.md and the record hold, and trains nothing. One page enlarges a reader's photograph in
the browser (`demo.py`); `DEMO=0` leaves it out.
"""

import base64
import io
import os
import re
import shutil
import subprocess
from pathlib import Path

import latex2mathml.converter
import nbformat
import yaml
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import ClearOutputPreprocessor
from PIL import Image
from traitlets.config import Config

from sr_utils import paths, profiles, widgets
from sr_utils.models import pretrained
from tools import wheel
from tools.comparers import ARMS, Comparers, recorded, smaller
from tools.demo import add_demo
from tools.readme import defaults

TEMPLATE = Path(__file__).with_name("template")
CARD = "sr_utils/models/weights/README.md"
WIDGET = Path(widgets.__file__).parent


class Renderer(IPythonRenderer):
    """Markdown as JupyterLab shows it, with formulas as MathML and links that stay on the site."""

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
        shown, phone = super().image(text, f"figures/{Path(url).name}", title), on_phone(paths.ROOT / url)
        source = f'<source media="(max-width: 560px)" srcset="figures/{phone["file"]}">' if phone else ""
        return f"<picture>{source}{shown}</picture>"


def to_html(markdown: str) -> str:
    """Markdown as HTML, with verdicts that the style sheet colours; see `Renderer`."""
    html = MarkdownWithMath(renderer=Renderer(escape=False)).render(markdown)
    return re.sub(r"<strong>(holds|does not hold|undecided)</strong>", r'<b class="verdict \1">\1</b>', html)


def summary(name: str, page) -> dict:
    """What the other pages say about this one: its name, short and whole title, question and contents."""
    html = to_html("\n\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown"))
    opening = page.cells[0].source.splitlines()
    return {
        "name": name,
        "short": name.replace("_", " ").replace("upsampling", "up-sampling"),
        "title": opening[0].lstrip("# "),
        "question": re.sub(r"<[^>]+>", "", to_html(opening[2])),
        "contents": re.findall(r'<h2 id="(.+?)">(.+?)<a class="anchor-link"', html),
    }


def folded(page):
    """The page with each code cell that shows nothing joined to the code behind it: one folded line, not several."""
    cells = []
    for cell in page.cells:
        if cells and cell.cell_type == cells[-1].cell_type == "code" and not cells[-1].outputs:
            cell.source = f"{cells.pop().source}\n\n\n{cell.source}"
        cells.append(cell)
    page.cells = cells
    return page


def on_phone(plot: Path | None) -> dict | None:
    """The file and the size in pixels of a plot's version whose panels stand one under the other, if it has one."""
    file = plot and plot.with_name(f"{plot.stem}-phone.svg")
    if not file or not file.exists():
        return None
    points = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', file.read_text(encoding="utf-8"))
    width, height = (round(float(number) / 0.75) for number in points.groups())
    return {"file": file.name, "width": width, "height": height}


def exporter(vectors: dict) -> HTMLExporter:
    """Notebooks to HTML by the study's own template, every picture as a file: an .svg where `vectors`, {PNG: file}, has
    one."""
    config = Config({"ExtractOutputPreprocessor": {"enabled": True}})
    made = HTMLExporter(extra_template_basedirs=[str(TEMPLATE.parent)], template_name=TEMPLATE.name, config=config)
    made.register_filter("markdown2html", to_html)
    made.register_filter("vector", lambda png: getattr(vectors.get(base64.b64decode(png)), "name", ""))
    made.register_filter("phone", lambda png: on_phone(vectors.get(base64.b64decode(png))))
    made.register_filter("size", lambda png: Image.open(io.BytesIO(base64.b64decode(png))).size)
    return made


def citation() -> dict:
    """CITATION.cff, the study's `address`, and the `date` of the last commit, which is "" outside a checkout."""
    log = ["git", "log", "-1", "--format=%cs"]
    date = subprocess.run(log, cwd=paths.ROOT, capture_output=True, text=True, check=False).stdout.strip()
    cited = yaml.safe_load((paths.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return cited | {"address": wheel.address(), "date": date}


def build_site(folder: Path, notebooks: Path = paths.NOTEBOOKS, demo: bool = True, networks=recorded) -> None:
    """Write the whole site into a folder, which is made anew; `demo` adds "Your photograph", `networks` draws."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "assets").mkdir(parents=True)
    (folder / "figures").mkdir()
    for file in (TEMPLATE / "site.css", TEMPLATE / "site.js", *WIDGET.glob("*.js"), *WIDGET.glob("*.css")):
        shutil.copy(file, folder / "assets")
    sources = {path.stem: folded(nbformat.read(path, as_version=4)) for path in sorted(notebooks.glob("0*.ipynb"))}
    site = {"pages": [summary(*source) for source in sources.items()], "demo": demo, "cited": citation()}
    site["steps"] = profiles.get(defaults(paths.NOTEBOOKS / "06_conclusions.ipynb")["profile"]).total_steps
    plotted = [path for path in paths.figures().rglob("*.svg") if path.with_suffix(".png").exists()]
    vectors = {path.with_suffix(".png").read_bytes(): path for path in plotted}
    drawn, convert = Comparers(folder / "comparers", networks), exporter(vectors)
    for name in sources:  # to download, without what it shows
        source = ClearOutputPreprocessor().preprocess(nbformat.read(notebooks / f"{name}.ipynb", as_version=4), {})[0]
        nbformat.write(source, folder / f"{name}.ipynb")
    for page, notebook in zip(site["pages"], sources.values(), strict=True):
        if page["name"][:2] in ARMS:
            page |= drawn.write(page["name"])
        resources = {"output_files_dir": "figures", "unique_key": page["name"], "page": page, "site": site}
        html, made = convert.from_notebook_node(notebook, resources=resources)
        (folder / f"{page['name']}.html").write_text(html, encoding="utf-8")
        for file, content in made["outputs"].items():
            if content in vectors:
                for vector in vectors[content].parent.glob(f"{vectors[content].stem}*.svg"):
                    shutil.copy(vector, folder / "figures")
            else:
                (folder / file).with_suffix(".webp").write_bytes(smaller(content))
    readme, card = ((paths.ROOT / file).read_text(encoding="utf-8") for file in ("README.md", CARD))
    opening = re.sub(r"<!-- badges -->.*?<!-- /badges -->|^\[!\[.*?$", "", readme, flags=re.S | re.M)
    home = opening.split("\n## Two commands")[0]
    for picture in re.findall(r"\]\((?:\.\./)*(figures/[^)]+\.png)\)", home + card):
        for file in (paths.ROOT / picture).parent.glob(f"{Path(picture).stem}*"):
            shutil.copy(file, folder / "figures")
    written = {
        "home": {"home": to_html(home), "page": {"name": "index"} | drawn.write("index")},
        "card": {"card": to_html(card)},
    }
    if demo:
        add_demo(folder / "assets")
        written["photograph"] = {"reach": pretrained.record()["combined"]["reach"]}
    for name, content in written.items():
        html = wheel.TEMPLATES.get_template(f"{name}.html.j2").render(site=site, **content)
        (folder / f"{name.replace('home', 'index')}.html").write_text(html, encoding="utf-8")


def main() -> None:
    folder = paths.output() / "site"
    build_site(folder, demo=os.environ.get("DEMO", "1") not in ("", "0"))
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(f"wrote {folder}, {size / 1e6:.1f} MB; look at it with: python -m http.server -d {folder}")
