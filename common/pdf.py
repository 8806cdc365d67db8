"""Printed booklets: print models in, PDF out. The one place that knows WeasyPrint, so the engine can change without any caller.

A print model is a JSON-able dict (`docs/print-model.md`); the engine knows no household. What costs time here is Python work per table
cell, so style sheets and fonts are made once per process, after the fork: a font configuration shared with a parent that ends loses
its fonts and prints empty boxes without an error. WeasyPrint is imported on first use, so the application starts without Pango.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import inspect
import io
import json
import logging
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import pikepdf
from django.conf import settings
from django.template.loader import get_template
from django.utils import translation
from django.utils.translation import gettext as _

from common import booklet, fonts, sheet

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

logger = logging.getLogger(__name__)

Model = dict[str, Any]
# Resolves the identifier of a `media:` address to content and type, such as (b"...", "image/jpeg").
Media = Callable[[str], tuple[bytes, str]]

# What turns a model into a template's context.
LAYOUTS: dict[str, Callable[[Model], Model]] = {"pdf/ledger.html": booklet.lay_out, "pdf/sheet.html": sheet.lay_out}
BATCH = 10  # booklets held at once: about 25 MB each; more saves no time
OPEN_FILES = 200  # held open by one merge
VARIANT = "pdf/a-3u"  # archival, with Unicode text; what it costs is in docs/adr
APT_LINE = "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_MEDIA_ID = re.compile(r"media:([A-Za-z0-9_-]{1,80})")
_IMAGE_DATA = re.compile(r"data:image/(?:png|jpeg);base64,", re.IGNORECASE)
# Messages of the engine after which the paper would be wrong.
_FATAL = (".notdef glyph rendered", "Unable to subset", "cannot be loaded")


class PrintError(Exception):
    """Printing cannot go on. The message is one Chinese sentence for the user."""


class MissingGlyph(PrintError):  # noqa: N818  what is missing says it better than an Error behind it
    """No font of this machine has these characters. `characters` in order, `where` is the booklet's outline entry or ""."""

    def __init__(self, characters: Iterable[str], where: str = "") -> None:
        self.characters = list(dict.fromkeys(characters))
        self.where = where
        named = "、".join(f"“{c}”（U+{ord(c):04X}）" if len(c) == 1 else c for c in self.characters)
        super().__init__(
            _(
                "%(where)s中的%(characters)s没有可用的字体，未打印。请核对写法，或请管理员运行 build_fonts 补齐生僻字字体后重试。"
            )
            % {"where": where or _("台账"), "characters": named}
        )


class NotReady(PrintError):  # noqa: N818
    """A library or the fonts are missing on this machine."""


class Part(NamedTuple):
    """Pages of a PDF to merge: all of `source`, or `pages` of them from `first` (from 0)."""

    source: bytes | Path
    first: int = 0
    pages: int | None = None


# --- Rendering ---


def render(models: Sequence[Model], template: str = "pdf/ledger.html", *, media: Media | None = None) -> bytes:
    """One PDF with the booklets of `models`, one after another, each with its own page numbers.

    Raises `MissingGlyph`, `NotReady` or `PrintError`. Same models, same bytes, on every machine with the same font lock.
    """
    batches = [render_batch(models[n : n + BATCH], template, media=media) for n in range(0, len(models), BATCH)]
    if len(batches) == 1:
        return batches[0][0]
    out = io.BytesIO()
    page, outlines = 0, []
    for model, count in zip(models, (c for _pdf, counts in batches for c in counts), strict=True):
        outlines.append((model["document"]["outline"], page))
        page += count
    merge([content for content, _counts in batches], out, outlines=outlines)
    return out.getvalue()


def render_batch(
    models: Sequence[Model], template: str = "pdf/ledger.html", *, media: Media | None = None
) -> tuple[bytes, list[int]]:
    """At most `BATCH` booklets in one file that shares their fonts, and the number of pages of each: `Part` finds one again.

    They are laid out one by one, so each counts its own pages, and written together, so fonts are cut once.
    """
    if not 0 < len(models) <= BATCH:
        raise ValueError(f"1 to {BATCH} models, not {len(models)}")
    for model in models:
        if lacking := uncovered(model):
            raise MissingGlyph(lacking, model["document"]["outline"])
    engine = _engine()
    source = get_template(template)
    fetcher = _fetcher(media)
    from weasyprint.urls import FatalURLFetchingError

    try:
        return _write(engine, models, source, template, fetcher)
    except FatalURLFetchingError:
        raise PrintError(_("台账里的一张图片不是本系统保存的照片，未打印；请重新上传这张照片。")) from None


def _write(
    engine: _Engine, models: Sequence[Model], source: Any, template: str, fetcher: Any
) -> tuple[bytes, list[int]]:
    documents: list[Any] = []
    with translation.override("zh-hans"), _watched(models):
        for model in models:
            html = engine.paper(string=_markup(model, source, template), url_fetcher=fetcher)
            documents.append(html.render(font_config=engine.font_config, stylesheets=[engine.sheet(template)]))
        pages = [page for document in documents for page in document.pages]
        content = documents[0].copy(pages).write_pdf(pdf_variant=VARIANT)
    return content, [len(document.pages) for document in documents]


def _markup(model: Model, source: Any, template: str) -> str:
    return str(source.render({"book": LAYOUTS[template](model)}))


def markup(model: Model, template: str = "pdf/ledger.html") -> str:
    """What the engine is given: the page as HTML."""
    with translation.override("zh-hans"):
        return _markup(model, get_template(template), template)


def warm_up() -> None:
    """Make this worker process ready: libraries, fonts and style sheets loaded and kept out of the collector's way.

    For `celery.signals.worker_process_init`, after the fork. A machine that cannot print yet starts all the same and says why later.
    """
    try:
        render_batch([booklet.EMPTY])
    except PrintError as failure:
        logger.warning("Printing is off in this process: %s", failure)
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


def unavailable() -> str:
    """Why nothing can be printed on this machine, as a sentence for the user; "" when it can."""
    try:
        _engine()
    except PrintError as failure:
        return str(failure)
    return ""


class _Engine(NamedTuple):
    font_config: FontConfiguration
    paper: Any
    sheet: Callable[[str], CSS]


def _engine() -> _Engine:
    return _engine_of(os.getpid(), fonts.version())


@functools.lru_cache(maxsize=1)
def _engine_of(pid: int, font_version: str) -> _Engine:
    """What one process keeps. Keyed by process: a forked child must not use its parent's."""
    if not fonts.manifest():
        raise NotReady(_("打印字体尚未准备好，请管理员运行 ./run manage build_fonts 后重试。"))
    with _own_fonts_only():
        try:
            from weasyprint import CSS, HTML
            from weasyprint.text import ffi
            from weasyprint.text.fonts import FontConfiguration
        except OSError:
            raise NotReady(_("本机缺少打印所需的系统库，请管理员运行：%(line)s") % {"line": APT_LINE}) from None
        if ffi.harfbuzz_subset is None:
            raise NotReady(
                _("本机缺少 libharfbuzz-subset，打印会慢十五倍，已停用；请管理员运行：%(line)s") % {"line": APT_LINE}
            )
        font_config = FontConfiguration()
    lean = CSS(filename=str(_css("ua.css")))

    class Paper(HTML):
        """HTML with a built-in sheet of only what our templates use: the stock one has rules that match every element."""

        def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
            return [lean]

    @functools.cache
    def sheet(template: str) -> CSS:
        return CSS(filename=str(_css(f"{Path(template).stem}.css")), font_config=font_config)

    return _Engine(font_config, Paper, sheet)


def _css(name: str) -> Path:
    return Path(settings.BASE_DIR) / "static" / "pdf" / name


@contextlib.contextmanager
def _own_fonts_only() -> Iterator[None]:
    """Let fontconfig see our faces and no other: else a missing one is silently borrowed from the machine and the paper differs.

    The faces are read where they lie; nothing is copied to a temporary folder that a killed worker would leave behind.
    """
    where = Path(settings.VAR) / "fontconfig"
    where.mkdir(parents=True, exist_ok=True)
    config = where / "fonts.conf"
    text = (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
        f"<fontconfig><dir>{fonts.folder().resolve()}</dir><cachedir>{where.resolve() / 'cache'}</cachedir></fontconfig>\n"
    )
    if not config.exists() or config.read_text("utf-8") != text:
        fresh = where / f"fonts.conf.{os.getpid()}"
        fresh.write_text(text, "utf-8")
        fresh.replace(config)
    before = os.environ.get("FONTCONFIG_FILE")
    os.environ["FONTCONFIG_FILE"] = str(config)
    try:
        yield
    finally:  # programs started from here, such as a browser, choose their own
        if before is None:
            del os.environ["FONTCONFIG_FILE"]
        else:
            os.environ["FONTCONFIG_FILE"] = before


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextlib.contextmanager
def _watched(models: Sequence[Model]) -> Iterator[None]:
    """Turn the engine's warnings about fonts into errors; it only logs them and prints boxes."""
    engine_log, collector = logging.getLogger("weasyprint"), _Collector()
    level, propagate = engine_log.level, engine_log.propagate
    engine_log.setLevel(logging.WARNING)
    engine_log.propagate = False
    engine_log.addHandler(collector)
    try:
        yield
    finally:
        engine_log.removeHandler(collector)
        engine_log.setLevel(level)
        engine_log.propagate = propagate
    fatal = [message for message in collector.messages if any(sign in message for sign in _FATAL)]
    if lacking := [
        m[1] for message in fatal if (m := re.search(r'unsupported by fonts: "(.+?)" \(U\+', message, re.S))
    ]:
        raise MissingGlyph(lacking, models[0]["document"]["outline"] if len(models) == 1 else "")
    if fatal:
        raise PrintError(_("打印字体出错，未生成文件：%(detail)s") % {"detail": fatal[0][:200]})


def _fetcher(media: Media | None) -> Any:
    """Only our media store and image data: the stock fetcher opens `file:` and `http:` for anyone who gets an address into a field."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class OnlyOurs(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if _IMAGE_DATA.match(url):
                return super().fetch(url, headers)
            if (match := _MEDIA_ID.fullmatch(url)) is None:
                raise FatalURLFetchingError(f"address refused: {url[:60]}")
            if media is None:
                raise FileNotFoundError(match[1])
            content, content_type = media(match[1])
            return URLFetcherResponse(url, body=content, headers={"Content-Type": content_type})

    return OnlyOurs()


# --- Keys ---


def template_version(template: str = "pdf/ledger.html") -> str:
    """Changes with the template, the style sheets, the layout code and the faces; not with the data."""
    return _template_version(template, fonts.version(), settings.DEBUG and os.getpid())


def _source_of(template: str) -> Path:
    found: Any = get_template(template)
    return Path(found.template.origin.name)


@functools.lru_cache(maxsize=8)
def _template_version(template: str, font_version: str, _unused: object) -> str:
    from weasyprint import VERSION

    digest = hashlib.sha256(f"{font_version} {VERSION} {VARIANT}".encode())
    parts = [_source_of(template), _source_of("pdf/_section.html"), _css("ua.css"), _css(f"{Path(template).stem}.css")]
    here = Path(__file__).parent
    layout = Path(inspect.getsourcefile(LAYOUTS[template]) or __file__)
    for path in (*parts, layout, here / "booklet.py", here / "charts.py", here / "qr.py", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def content_key(model: Model, template: str = "pdf/ledger.html") -> str:
    """Names the paper by what is on it: sha256 of the model and the template version, in hexadecimal.

    `issue` (document number, time, code) is left out: an unchanged booklet keeps those of its first printing and is not made again.
    """
    content = {key: value for key, value in model.items() if key != "issue"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{template_version(template)}\n{text}".encode()).hexdigest()


# --- Glyphs ---


def uncovered(value: Any) -> set[str]:
    """Characters of a string, or of all strings in a print model, that no face of this machine can print. Microseconds."""
    known = fonts.covered()
    if isinstance(value, str):
        return {c for c in set(value) if ord(c) not in known}
    if isinstance(value, dict):
        return set().union(*map(uncovered, value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*map(uncovered, value))
    return set()


def scan_glyphs(content: bytes) -> list[str]:
    """Look at every glyph a PDF shows: the missing-glyph sign, one out of range, or an empty outline under a visible character.

    Returns one line a defect, [] when the paper shows what the text says. Extracting the text proves nothing: it stays right
    where boxes are printed. About 60 ms a booklet, so for tests and samples.
    """
    found: dict[str, None] = {}
    with pikepdf.open(io.BytesIO(content)) as pdf:
        seen: dict[tuple[int, int], _Shown | None] = {}
        for number, page in enumerate(pdf.pages, 1):
            for defect in _scan_stream(page.obj, page.obj.get("/Resources"), seen, set()):
                found[f"page {number}: {defect}"] = None
    return list(found)


class _Shown(NamedTuple):
    glyphs: int
    empty: frozenset[int]
    text: dict[int, str]


def _scan_stream(stream: Any, resources: Any, seen: dict[Any, _Shown | None], visited: set[Any]) -> Iterator[str]:
    if resources is None:
        return
    font: _Shown | None = None
    for instruction in pikepdf.parse_content_stream(stream):
        operands: Any = instruction.operands
        operator = instruction.operator
        name = str(operator)
        if name == "Tf":
            font = _font(resources["/Font"][str(operands[0])], seen)
        elif name in ("Tj", "TJ", "'", '"') and font is not None:
            pieces = operands[0] if name == "TJ" else [operands[-1]]
            for piece in pieces:
                if isinstance(piece, pikepdf.String):
                    yield from _scan_text(bytes(piece), font)
        elif name == "Do":
            inner = resources["/XObject"][str(operands[0])]
            if inner.get("/Subtype") == "/Form" and inner.objgen not in visited:
                visited.add(inner.objgen)
                yield from _scan_stream(inner, inner.get("/Resources", resources), seen, visited)


def _scan_text(shown: bytes, font: _Shown) -> Iterator[str]:
    for at in range(0, len(shown), 2):
        glyph = int.from_bytes(shown[at : at + 2], "big")
        text = font.text.get(glyph, "")
        if glyph == 0 or glyph >= font.glyphs:
            yield f"missing glyph {glyph} for {text!r}"
        elif glyph in font.empty and any(_visible(c) for c in text):
            yield f"empty glyph {glyph} for {text!r}"


def _visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Zs", "Zl", "Zp", "Cc", "Cf", "Mn")


def _font(font: Any, seen: dict[Any, _Shown | None]) -> _Shown | None:
    if font.objgen in seen:
        return seen[font.objgen]
    from fontTools.ttLib import TTFont

    shown: _Shown | None = None
    if font.get("/Subtype") == "/Type0":
        descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
        if "/FontFile2" not in descriptor:
            shown = _Shown(0, frozenset(), _to_unicode(font))  # nothing embedded: every glyph is missing
        else:
            embedded = TTFont(io.BytesIO(descriptor["/FontFile2"].read_bytes()), lazy=True)
            offsets = embedded["loca"].locations
            empty = frozenset(n for n in range(len(offsets) - 1) if offsets[n] == offsets[n + 1])
            shown = _Shown(embedded["maxp"].numGlyphs, empty, _to_unicode(font))
    seen[font.objgen] = shown
    return shown


def _to_unicode(font: Any) -> dict[int, str]:
    if "/ToUnicode" not in font:
        return {}
    mapping = font["/ToUnicode"].read_bytes().decode("latin-1")
    pairs = re.findall(r"<([0-9A-Fa-f]{4})>\s*<([0-9A-Fa-f]+)>", mapping)
    return {int(glyph, 16): bytes.fromhex(text).decode("utf-16-be", "replace") for glyph, text in pairs}


# --- Merging ---


def merge(
    sources: Iterable[bytes | Path | Part],
    out: Path | BinaryIO,
    *,
    outlines: Sequence[tuple[str, int]] = (),
    chapters: Sequence[tuple[str, int]] = (),
    title: str = "",
) -> int:
    """Write one file of all pages and return their number. `outlines` are (title, page from 0); with `chapters`, of the same shape, they
    stand below the chapter in whose pages they lie.

    Identical fonts and images are kept once. A few milliseconds a booklet: nothing is laid out again. Same sources, same bytes.
    """
    parts = [source if isinstance(source, Part) else Part(source) for source in sources]
    with contextlib.ExitStack() as stack, pikepdf.new() as merged:
        if len(groups := list(_groups(parts))) > 1:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="yihu-merge-")))
            for n, group in enumerate(groups):
                merge(group, folder / f"{n}.pdf")
            parts = [Part(folder / f"{n}.pdf") for n in range(len(groups))]
        opened: dict[Any, pikepdf.Pdf] = {}
        first: pikepdf.Pdf | None = None
        for part in parts:
            key = _key_of(part)
            if key not in opened:
                stream = part.source if isinstance(part.source, Path) else io.BytesIO(part.source)
                opened[key] = stack.enter_context(pikepdf.open(stream))
            pdf = opened[key]
            first = first or pdf
            end = None if part.pages is None else part.first + part.pages
            merged.pages.extend(pdf.pages[part.first : end])
        if first is None:
            raise ValueError("nothing to merge")
        for name in ("/OutputIntents", "/Metadata", "/Lang", "/ViewerPreferences"):
            if name in first.Root:  # what makes it PDF/A belongs to the file, not to its pages
                value = first.Root[name]
                merged.Root[name] = merged.copy_foreign(value) if value.is_indirect else _copied(merged, value)
        if title:
            merged.docinfo["/Title"] = title
            with merged.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
                xmp["dc:title"] = title
        _share_streams(merged)
        with merged.open_outline() as outline:
            outline.root.extend(_outline_items(outlines, chapters))
        count = len(merged.pages)
        merged.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
            deterministic_id=True,
        )
    return count


def _outline_items(
    outlines: Sequence[tuple[str, int]], chapters: Sequence[tuple[str, int]]
) -> list[pikepdf.OutlineItem]:
    if not chapters:
        return [pikepdf.OutlineItem(text, page) for text, page in outlines]
    heads, at = [], 0
    for place, (text, page) in enumerate(chapters):
        head = pikepdf.OutlineItem(text, page)
        head.is_closed = True
        end = chapters[place + 1][1] if place + 1 < len(chapters) else None
        while at < len(outlines) and (end is None or outlines[at][1] < end):
            head.children.append(pikepdf.OutlineItem(*outlines[at]))
            at += 1
        heads.append(head)
    return heads


A3 = (1190.55, 841.89)  # points, landscape: two A4 pages side by side


def fold(source: Path, out: Path | BinaryIO, counts: Sequence[int], *, outlines: Sequence[str] = ()) -> int:
    """Put A4 pages two on an A3 sheet, to be printed on both sides and folded into booklets; the number of sides, which is even.

    `counts` are the pages of each booklet, one after another in `source`; each begins a sheet of its own, and blank pages fill its last
    sheet. `outlines` name the booklets.
    """
    with pikepdf.open(source) as pdf:
        pages = [pikepdf.Page(page.obj) for page in pdf.pages]
        entries, first = [], 0
        for place, count in enumerate(counts):
            if place < len(outlines):
                entries.append((outlines[place], len(pdf.pages) - len(pages)))
            for left, right in _spreads(count):
                side = pdf.add_blank_page(page_size=A3)
                for number, at in ((left, 0.0), (right, A3[0] / 2)):
                    if number < count:
                        side.add_overlay(pages[first + number], pikepdf.Rectangle(at, 0, at + A3[0] / 2, A3[1]))
            first += count
        if first != len(pages):
            raise ValueError(f"{len(pages)} pages, not {first}")
        del pdf.pages[:first]
        with pdf.open_outline() as outline:
            outline.root[:] = [pikepdf.OutlineItem(text, page) for text, page in entries]
        sides = len(pdf.pages)
        pdf.remove_unreferenced_resources()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return sides


def _spreads(count: int) -> Iterator[tuple[int, int]]:
    """Pages (from 0) of the left and right half of every side, so that a folded stack reads in order; from `count` on they are blank."""
    whole = -(-count // 4) * 4
    for side in range(whole // 2):
        low, high = side, whole - 1 - side
        yield (high, low) if side % 2 == 0 else (low, high)


def _key_of(part: Part) -> Path | int:
    return part.source if isinstance(part.source, Path) else id(part.source)


def _groups(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Neighbours that need no more than `OPEN_FILES` files at once: a township's run has more than a process may open."""
    group: list[Part] = []
    files: set[Path | int] = set()
    for part in parts:
        if _key_of(part) not in files and len(files) >= OPEN_FILES:
            yield group
            group, files = [], set()
        group.append(part)
        files.add(_key_of(part))
    if group:
        yield group


def _copied(pdf: pikepdf.Pdf, value: Any) -> Any:
    """A direct object of another file: its parts may be references, so it goes over as one indirect object."""
    if isinstance(value, (pikepdf.Array, pikepdf.Dictionary)):
        owner = next((item for item in _indirect(value)), None)
        if owner is None:
            return pikepdf.Object.parse(value.unparse())
        if isinstance(value, pikepdf.Array):
            return pikepdf.Array([pdf.copy_foreign(i) if i.is_indirect else _copied(pdf, i) for i in value])
        return pikepdf.Dictionary(
            {k: pdf.copy_foreign(v) if getattr(v, "is_indirect", False) else _copied(pdf, v) for k, v in value.items()}
        )
    return value


def _indirect(value: Any) -> Iterator[Any]:
    if getattr(value, "is_indirect", False):
        yield value
    elif isinstance(value, pikepdf.Array):
        for item in value:
            yield from _indirect(item)
    elif isinstance(value, pikepdf.Dictionary):
        for item in value.values():
            yield from _indirect(item)


def _share_streams(pdf: pikepdf.Pdf) -> None:
    """Point every use of a font file or image to the first one with the same bytes."""
    kept: dict[bytes, Any] = {}

    def canonical(stream: Any) -> Any:
        head = b"".join(
            f"{key}={repr(value.unparse()) if isinstance(value, pikepdf.Object) else value}".encode()
            for key, value in sorted(stream.items())
            if key not in ("/Length", "/SMask")
        )
        soft = stream["/SMask"].read_raw_bytes() if "/SMask" in stream else b""
        digest = hashlib.sha256(head + b"\n" + soft + b"\n" + stream.read_raw_bytes()).digest()
        return kept.setdefault(digest, stream)

    done: set[tuple[int, int]] = set()
    for page in pdf.pages:
        resources = page.obj.get("/Resources")
        if resources is None or (resources.is_indirect and resources.objgen in done):
            continue
        done.add(resources.objgen)
        images: Any = resources.get("/XObject")
        for name, image in list(images.items()) if images is not None else ():
            if image.get("/Subtype") == "/Image":
                images[name] = canonical(image)
        faces = resources.get("/Font")
        for face in list(faces.values()) if faces is not None else ():
            if "/DescendantFonts" not in face or face.objgen in done:
                continue
            done.add(face.objgen)
            descriptor = face["/DescendantFonts"][0]["/FontDescriptor"]
            if "/FontFile2" in descriptor:
                descriptor["/FontFile2"] = canonical(descriptor["/FontFile2"])
