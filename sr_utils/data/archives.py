"""Download, check and unpack the published archives."""

import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pooch
import requests

from sr_utils import StudyError

DIV2K = "https://data.vision.ee.ethz.ch/cvl/DIV2K/"
BSDS500 = "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/BSR_bsds500.tgz"
TIMEOUT = 30  # seconds without a byte before a server counts as dead
EDSR = "https://cv.snu.ac.kr/research/EDSR/benchmark.tar"

#: address -> checksum; None where none is published (pooch then prints the one that it computed).
ARCHIVES = {
    DIV2K + "DIV2K_train_HR.zip": "sha256:9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335",
    DIV2K + "DIV2K_train_LR_bicubic_X4.zip": "sha256:f006b837f4eb52b82909aa01478e6d6d199eefce932179491d0c9dbb706dde3a",
    DIV2K + "DIV2K_valid_HR.zip": "sha256:20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
    DIV2K + "DIV2K_valid_LR_bicubic_X4.zip": "sha256:a50a5d1c4b88de4e8d300d8fb2b904c52fe93b2b298a4899697760d7cbb6d553",
    BSDS500: None,
    EDSR: "md5:4ace41d33c2384b97e6b320cd0afd6ba",
}


def fetch(url: str, folder: Path) -> None:
    """Download an archive of `ARCHIVES`, check it, and unpack it into `folder`.

    pooch downloads into a temporary file and renames it once its checksum holds; the archive is unpacked beside its
    goal and moved there whole. An interruption therefore leaves either nothing or everything.
    """
    name = url.rsplit("/", 1)[-1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)
        archive = Path(pooch.retrieve(url, ARCHIVES[url], name, folder, downloader=downloader))
        with tempfile.TemporaryDirectory(dir=folder, prefix=".unpacking-") as scratch:
            _unpack(archive, Path(scratch))
            for item in Path(scratch).iterdir():
                shutil.copytree(item, folder / item.name, dirs_exist_ok=True, copy_function=shutil.move)
        archive.unlink()
    except requests.HTTPError as error:
        raise StudyError(
            f"{url} answered {error.response.status_code}; download {name} elsewhere and unpack it into {folder}."
        ) from None
    except requests.RequestException as error:
        raise StudyError(
            f"{url} cannot be reached ({type(error).__name__}); check the network, or unpack {name} into {folder}, "
            "or use DATA=sample, which needs neither."
        ) from None
    except ValueError as error:
        if "hash" not in str(error):
            raise
        raise StudyError(
            f"{name} does not have the expected checksum; the half or altered file was removed, so try again."
        ) from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        archive.unlink(missing_ok=True)
        raise StudyError(f"{name} cannot be unpacked ({error}); it was removed, so try again.") from None
    except OSError as error:
        raise StudyError(
            f"{name} cannot be stored in {folder} ({error.strerror or error}); free space or set SR_DATA."
        ) from None


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack, refusing members outside the folder."""
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")  # raises for absolute paths, ../ and links that lead outside
        return
    with zipfile.ZipFile(archive) as content:
        for member in content.namelist():  # zipfile would rename such members in silence
            if not (folder / member).resolve().is_relative_to(folder.resolve()):
                raise zipfile.BadZipFile(f"{member} lies outside the archive's folder")
        content.extractall(folder)
