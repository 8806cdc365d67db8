"""The faces of the printed ledger: what they cover, and that only the locked ones are used."""

import io
import json
import tarfile

import pytest

from common import fonts
from tests.common import ledgers


def test_the_stack_covers_the_repertoires_of_the_forms():
    covered = fonts.covered()
    for text in (ledgers.RARE, ledgers.UYGHUR_HAN, ledgers.UYGHUR, ledgers.TIBETAN, ledgers.YI, "·•‧√×○—㎡℃"):
        assert {c for c in text if ord(c) not in covered} == set()
    assert set(range(0x4E00, 0x9FA6)) <= covered
    assert set(range(0x3400, 0x4DB6)) <= covered
    assert set(range(0x20000, 0x2A6D7)) <= covered


def test_private_use_is_never_covered():
    assert not fonts.covered() & {*range(0xE000, 0xF900), *range(0xF0000, 0xF0100)}


def test_lock_names_every_face_and_source():
    lock = fonts.read_lock()
    assert lock["recipe"] == fonts.RECIPE
    assert set(lock["faces"]) == {face.file for face in fonts.FACES}
    assert set(lock["sources"]) == set(fonts.SOURCES)


def test_nothing_is_fetched_when_nothing_changed():
    said = []
    assert fonts.build(say=said.append) == []
    assert said == []


def test_licences_lie_beside_the_faces():
    texts = {path.name: path.read_text("utf-8") for path in fonts.folder().glob("LICENCE.*")}
    assert len(texts) == 6
    assert "SIL Open Font License" in texts["LICENCE.noto-sans-sc.txt"]


def _elsewhere(settings, tmp_path):
    settings.BUILD_DIR = tmp_path
    (tmp_path / "fonts").mkdir()
    return tmp_path / "fonts"


def test_a_machine_without_the_rare_faces_says_so_and_refuses_their_characters(settings, tmp_path):
    state = dict(fonts.manifest())
    where = _elsewhere(settings, tmp_path)
    gone = {"hana-a.ttf", "hana-b.ttf"}
    state |= {
        "missing": sorted(gone),
        "faces": {k: v for k, v in state["faces"].items() if k not in gone},
        "ranges": [[0x20, 0x7E], [0x4E00, 0x9FA5]],
    }
    (where / "manifest.json").write_text(json.dumps(state))
    for name in state["faces"]:
        (where / name).touch()
    assert [p for p in fonts.problems() if "fonts-hanazono" in p]
    assert ord("𠮷") not in fonts.covered()
    assert len(fonts.problems()) == 2


def test_a_machine_without_fonts_knows(settings, tmp_path):
    _elsewhere(settings, tmp_path)
    assert fonts.problems() == ["fonts are not built"]


def test_a_changed_face_is_found(settings, tmp_path):
    state = fonts.manifest()
    where = _elsewhere(settings, tmp_path)
    (where / "manifest.json").write_text(json.dumps(state))
    for name in state["faces"]:
        (where / name).write_bytes(b"x")
    assert len(fonts.problems(thorough=True)) == len(fonts.FACES)


def test_an_archive_that_is_not_the_locked_one_is_refused(settings, tmp_path, monkeypatch):
    _elsewhere(settings, tmp_path)
    kept = tmp_path / "kept"
    kept.mkdir()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("package/x"))
    (kept / "expo-google-fonts-noto-sans-sc-0.4.3.tgz").write_bytes(archive.getvalue())
    monkeypatch.setenv("YIHU_FONT_SOURCES", str(kept))
    with pytest.raises(fonts.FontError, match="校验和"):
        fonts.build(say=lambda line: None)


def test_a_file_that_is_no_debian_package_is_refused():
    with pytest.raises(fonts.FontError, match="损坏"):
        fonts._deb_data(b"<html>not found</html>")
