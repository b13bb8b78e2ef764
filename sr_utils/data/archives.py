"""Download, check and unpack the published archives."""

import shutil
import tarfile
import tempfile
from pathlib import Path

import pooch
import requests

from sr_utils import StudyError

DIV2K = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"
BSDS500 = "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/BSR_bsds500.tgz"
EDSR = "https://cv.snu.ac.kr/research/EDSR/benchmark.tar"
TIMEOUT = 30  # seconds without a byte before a server counts as dead

#: address -> checksum; None where none is published (pooch then prints the one that it computed).
ARCHIVES = {
    DIV2K + "DIV2K_train_HR.zip": "sha256:9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335",
    DIV2K + "DIV2K_train_LR_bicubic_X4.zip": "sha256:f006b837f4eb52b82909aa01478e6d6d199eefce932179491d0c9dbb706dde3a",
    DIV2K + "DIV2K_valid_HR.zip": "sha256:20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
    DIV2K + "DIV2K_valid_LR_bicubic_X4.zip": "sha256:a50a5d1c4b88de4e8d300d8fb2b904c52fe93b2b298a4899697760d7cbb6d553",
    BSDS500: None,
    EDSR: "md5:4ace41d33c2384b97e6b320cd0afd6ba",
}


def download(url: str, checksum: str | None, folder: Path, instead: str) -> Path:
    """The file at this address, in `folder`, whole or not at all; or `StudyError`, with what to do `instead`."""
    try:
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)
        return Path(pooch.retrieve(url, checksum, url.rsplit("/", 1)[-1], folder, downloader=downloader))
    except requests.RequestException as error:
        reply = error.response
        reason = type(error).__name__ if reply is None else f"the server answered {reply.status_code}"
    except ValueError:
        reason = "it does not have the expected checksum"
    except OSError as error:
        reason = f"{folder}: {error.strerror or error}"
    raise StudyError(f"{url} cannot be downloaded ({reason}); {instead}.")


def fetch(url: str, folder: Path) -> None:
    """Download an archive of `ARCHIVES`, check it, unpack it beside its goal, and move it to `folder` whole."""
    name = url.rsplit("/", 1)[-1]
    instead = f"check the network and the disk, or unpack {name} into {folder} yourself, or use DATA=sample"
    archive = download(url, ARCHIVES[url], folder, instead)
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacking-") as scratch:
            filtered = {} if archive.suffix == ".zip" else {"filter": "data"}  # a zip's members outside are left out
            shutil.unpack_archive(archive, scratch, **filtered)
            for item in Path(scratch).iterdir():
                shutil.copytree(item, folder / item.name, dirs_exist_ok=True, copy_function=shutil.move)
    except (OSError, tarfile.TarError, EOFError) as error:
        reason = f"{archive} cannot be unpacked ({getattr(error, 'strerror', None) or error})"
        raise StudyError(f"{reason}; free space, or remove it and try again.") from None
    archive.unlink()
