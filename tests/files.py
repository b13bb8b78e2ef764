"""Files as tests need them: pictures of any kind, and archives of them."""

import hashlib
import io
import struct
import tarfile
import zipfile
import zlib

import tifffile
from PIL import Image


def saved(image, kind="PNG", convert=None, **options) -> bytes:
    """A picture or its array as Pillow saves it."""
    file, image = io.BytesIO(), image if isinstance(image, Image.Image) else Image.fromarray(image)
    (image.convert(convert) if convert else image).save(file, kind, **options)
    return file.getvalue()


def several(kind, frames, **options) -> bytes:
    """Phones put a preview behind a picture (MPO); animations and scans have more."""
    first, *others = map(Image.fromarray, frames)
    return saved(first, kind, save_all=True, append_images=others, **options)


def turned(orientation) -> Image.Exif:
    """EXIF data with this orientation."""
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def tiff(array, **options) -> bytes:
    """A TIFF of the kinds that Pillow does not write."""
    file = io.BytesIO()
    tifffile.imwrite(file, array, metadata={} if "truncate" in options else None, **options)
    return file.getvalue()


def with_chunk(name, body, png) -> bytes:
    """This PNG with a chunk more, in front of its pixels."""
    return png[:33] + struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) + png[33:]


def pack(path, members) -> str:
    """Write a .zip, .tar or .tar.gz of {member: bytes}; returns its pinned checksum."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
    else:
        with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
            for member, content in members.items():
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
