"""Archives as the loaders find them on a server: pictures and members of a zip or tar file."""

import hashlib
import io
import tarfile
import zipfile

from PIL import Image


def png(image) -> bytes:
    """An array as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


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
