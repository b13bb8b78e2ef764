"""The site's page "Your photograph", where the combined model runs in ONNX Runtime in the reader's browser."""

import gzip
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pooch

from sr_utils import StudyError, models
from sr_utils.data import load
from sr_utils.widgets.comparer import png
from tools.export import to_onnx

RUNTIME = "onnxruntime-web@1.30.0"  # from npm
RUNTIME_HASH = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
RUNTIME_BINARY = "ort-wasm-simd-threaded.wasm"  # packed, it has 4 MB instead of 14
RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", RUNTIME_BINARY)


def runtime() -> dict:
    """{name: content} of ONNX Runtime's files, by npm. Raises `StudyError` where npm is missing or fails."""
    if not shutil.which("npm"):
        raise StudyError('The page "Your photograph" needs npm, which comes with Node.js; install it, or set DEMO=0.')
    with tempfile.TemporaryDirectory() as scratch:
        command = ["npm", "pack", RUNTIME, "--silent", "--prefer-offline", "--fetch-retries=1"]
        if subprocess.run(command, cwd=scratch, check=False, stdout=subprocess.DEVNULL).returncode:
            raise StudyError(f"npm could not fetch {RUNTIME}; look at its message above, or set DEMO=0.")
        (archive,) = Path(scratch).glob("*.tgz")
        if pooch.file_hash(str(archive)) != RUNTIME_HASH:
            raise StudyError(f"{RUNTIME} is not the file that this study knows; try again, or set DEMO=0.")
        with tarfile.open(archive) as package:
            files = {name: package.extractfile(f"package/dist/{name}").read() for name in RUNTIME_FILES}
    return files | {f"{RUNTIME_BINARY}.gz": gzip.compress(files.pop(RUNTIME_BINARY), mtime=0)}


def add_demo(folder: Path) -> None:
    """Write what the page asks for: its script, ONNX Runtime, the combined model, and a sample picture."""
    files = runtime()
    files["combined.onnx"] = to_onnx(models.load("combined")).SerializeToString()
    files["sample.png"] = png(load("sample").valid[0].hr)
    shutil.copy(Path(__file__).with_name("template") / "photograph.js", folder)
    for name, content in files.items():
        (folder / name).write_bytes(content)
