"""Files with personal data at rest: encrypted with the same keys as the columns, through Django's storage."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from common.pii import cipher


def put(name: str, data: bytes) -> str:
    """Store bytes encrypted; the name under which they lie (storage may have changed it)."""
    return default_storage.save(f"{name}.enc", ContentFile(cipher().encrypt(data)))


def get(name: str) -> bytes:
    """The bytes stored under a name. Raises FileNotFoundError where they are gone."""
    if not name:  # "" is how rows say that their file has expired; to a storage it is the folder of all files
        raise FileNotFoundError
    with default_storage.open(name) as file:
        return cipher().decrypt(file.read())


def open_file(name: str) -> io.BytesIO:
    return io.BytesIO(get(name))


def remove(name: str) -> None:
    """Delete a file; one that is gone already is gone."""
    if name:
        default_storage.delete(name)
