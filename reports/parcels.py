"""What a finished run hands out: a PDF as it lies, or a zip made while it is sent, out of the files of the villages. Memory stays flat: the
files are decrypted a piece at a time, and nothing is stored twice.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from common import vault
from reports.models import PrintRun, PrintVolume

PDF, ZIP = "application/pdf", "application/zip"


class Fetched(NamedTuple):
    """A file on its way out, decrypted a piece at a time: nobody holds a county's zip in memory."""

    name: str
    content_type: str
    pieces: Iterator[bytes]


def of_run(run: PrintRun, volumes: Sequence[PrintVolume]) -> Fetched:
    """The one file there is, or a zip of all: a PDF a village, or a folder a village with a PDF a household."""
    if run.file:
        old_zip = run.output == PrintRun.Output.ZIPPED  # of before there were volumes
        return _file(run.title, run.file, ZIP if old_zip else PDF)
    if len(volumes) == 1:
        return of_volume(run, volumes[0], name=run.title)
    names = _names(volumes)
    if run.output == PrintRun.Output.ZIPPED:
        pieces = zipped(lambda bundle: _unpacked(bundle, zip(names, volumes, strict=True)))
    else:
        pieces = zipped(lambda bundle: _put_all(bundle, zip(names, volumes, strict=True)))
    return Fetched(f"{run.title}.zip", ZIP, pieces)


def of_volume(run: PrintRun, volume: PrintVolume, *, name: str = "") -> Fetched:
    kind = ZIP if run.output == PrintRun.Output.ZIPPED else PDF
    return _file(name or f"{run.title}_{volume.village.name}", volume.file, kind)


def _file(name: str, stored: str, content_type: str) -> Fetched:
    return Fetched(f"{name}.{'zip' if content_type == ZIP else 'pdf'}", content_type, vault.stream(stored))


def _names(volumes: Iterable[PrintVolume]) -> list[str]:
    """001_青石村: in order, and unlike even where two villages are called the same."""
    return [f"{place:03d}_{safe(volume.village.name)}" for place, volume in enumerate(volumes, 1)]


def safe(name: str) -> str:
    """A name as part of a file's name, on any system."""
    return "".join("_" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in name).strip(" .")


class _Outbox:
    """What a zip is written into; `taken` are the bytes since the last time. It cannot seek, so the zip is a streamed one."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []
        self.at = 0

    def write(self, data: bytes) -> int:
        self.waiting.append(bytes(data))
        self.at += len(data)
        return len(data)

    def tell(self) -> int:
        return self.at

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        data, self.waiting = b"".join(self.waiting), []
        return data


def zipped(fill: Callable[[zipfile.ZipFile], Iterator[None]]) -> Iterator[bytes]:
    """The bytes of a zip that `fill` writes; whenever it yields, what is there goes out."""
    out: Any = _Outbox()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as bundle:
        for _step in fill(bundle):
            if data := out.taken():
                yield data
    if data := out.taken():
        yield data


def _put_all(bundle: zipfile.ZipFile, named: Iterable[tuple[str, PrintVolume]]) -> Iterator[None]:
    for name, volume in named:
        with bundle.open(f"{name}.pdf", "w", force_zip64=True) as entry:
            for piece in vault.stream(volume.file):
                entry.write(piece)
                yield
        yield


def _unpacked(bundle: zipfile.ZipFile, named: Iterable[tuple[str, PrintVolume]]) -> Iterator[None]:
    """The zip of each village unpacked into a folder of that village, one village at a time in a private file."""
    for name, volume in named:
        with tempfile.TemporaryDirectory() as folder:
            path = vault.take_out(volume.file, Path(folder) / "volume.zip")
            with zipfile.ZipFile(path) as inner:
                for entry in inner.infolist():
                    bundle.writestr(f"{name}/{entry.filename}", inner.read(entry))
                    yield
