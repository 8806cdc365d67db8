"""Printed ledgers: what they show, that they never show a box, and that nothing gets in from outside."""

import base64
import copy
import hashlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from django.conf import settings

from common import booklet, checks_pdf, fonts, pdf
from tests.common import ledgers

pytestmark = pytest.mark.slow


def letters(content, page=None):
    """The text of a PDF by its own character maps, blanks left out."""
    found = []
    with pikepdf.open(io.BytesIO(content)) as document:
        pages = document.pages if page is None else [document.pages[page]]
        for one in pages:
            names = {str(k): pdf._to_unicode(v) for k, v in one.obj["/Resources"]["/Font"].items()}
            mapping = {}
            for operands, operator in pikepdf.parse_content_stream(one):
                if str(operator) == "Tf":
                    mapping = names[str(operands[0])]
                elif str(operator) in ("Tj", "TJ"):
                    for piece in operands[0] if str(operator) == "TJ" else operands:
                        if isinstance(piece, pikepdf.String):
                            raw = bytes(piece)
                            found += [
                                mapping.get(int.from_bytes(raw[n : n + 2], "big"), "") for n in range(0, len(raw), 2)
                            ]
    return "".join("".join(found).split())


def page_count(content):
    with pikepdf.open(io.BytesIO(content)) as document:
        return len(document.pages)


@pytest.fixture(scope="module")
def full():
    return pdf.render([ledgers.full_ledger()], media=ledgers.media)


@pytest.fixture(scope="module")
def two():
    models = [ledgers.full_ledger("0000000007", "李芳"), ledgers.bare_ledger("0000000008", "张伟")]
    return models, pdf.render_batch(models, media=ledgers.media)


def test_a_full_ledger_fills_four_pages_with_every_chapter(full):
    assert page_count(full) == 4
    text = letters(full)
    for title in (
        "一、基本信息",
        "二、家庭成员",
        "三、致贫原因",
        "四、收入情况",
        "五、生产生活条件",
        "六、易地搬迁户需求",
        "七、帮扶责任人",
    ):
        assert title in text
    assert "户主签字" in text


def test_every_page_foot_has_number_time_and_place_in_the_booklet(full):
    for page in range(4):
        text = letters(full, page)
        assert "文件编号TZ-2026-0000012345-07" in text
        assert "数据截至2026年11月23日21:40" in text
        assert f"第{page + 1}页/共4页" in text


def test_rare_names_and_other_scripts_print_as_written(full):
    text = letters(full)
    assert ledgers.RARE in text
    assert set(ledgers.YI) <= set(text)
    assert ledgers.TIBETAN[:2] in text
    assert pdf.scan_glyphs(full) == []


def test_uyghur_letters_are_joined(full):
    """A joined letter is another glyph than the letter alone: the word has more shapes than the alphabet has signs."""
    with pikepdf.open(io.BytesIO(full)) as document:
        naskh = next(
            font
            for page in document.pages
            for font in page.obj["/Resources"]["/Font"].values()
            if "Naskh" in str(font["/BaseFont"])
        )
        shown = list(pdf._to_unicode(naskh).values())
    assert shown.count("م") >= 2


def test_an_empty_household_prints_and_says_what_is_not_recorded():
    content = pdf.render([ledgers.bare_ledger()], media=ledgers.media)
    text = letters(content)
    assert page_count(content) == 3
    assert "无家庭成员记录" in text
    assert "没有可供绘图的数据" in text
    assert pdf.scan_glyphs(content) == []


def test_each_booklet_of_a_batch_counts_its_own_pages(two):
    _models, (content, counts) = two
    assert counts == [4, 3]
    assert "第1页/共4页" in letters(content, 0)
    assert "第1页/共3页" in letters(content, 4)
    assert "TZ-2026-0000000008-07" in letters(content, 6)


def test_more_than_a_batch_becomes_one_file_with_an_entry_a_household():
    models = [ledgers.bare_ledger(f"{n:010d}", "王芳") for n in range(pdf.BATCH + 1)]
    content = pdf.render(models, media=ledgers.media)
    with pikepdf.open(io.BytesIO(content)) as document:
        assert len(document.pages) == 3 * (pdf.BATCH + 1)
        assert [str(i.title) for i in document.open_outline().root] == [m["document"]["outline"] for m in models]
        assert document.check_pdf_syntax() == []


def test_files_are_sound(full, two):
    for content in (full, two[1][0]):
        with pikepdf.open(io.BytesIO(content)) as document:
            assert document.check_pdf_syntax() == []
            assert "/OutputIntents" in document.Root
            with document.open_metadata() as xmp:
                assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("3", "U")


def test_same_model_same_bytes_in_any_process(full):
    assert pdf.render([ledgers.full_ledger()], media=ledgers.media) == full
    script = (
        "import os, sys; from config import bootstrap; bootstrap.ensure(); import django; django.setup();"
        "from common import pdf; from tests.common import ledgers; import hashlib;"
        "print(hashlib.sha256(pdf.render([ledgers.full_ledger()], media=ledgers.media)).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120, check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.test", "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert other.stdout.strip().splitlines()[-1] == hashlib.sha256(full).hexdigest()


# --- Boxes ---


def test_a_character_without_a_font_is_refused_by_name_before_printing():
    model = ledgers.bare_ledger(name="王\U000e5f00芳")
    model["sections"][0]["pairs"][0]["value"] = "\ue863"
    with pytest.raises(pdf.MissingGlyph) as caught:
        pdf.render([model])
    assert "U+E863" in str(caught.value)
    assert model["document"]["outline"] in str(caught.value)


def test_the_engine_itself_is_not_allowed_to_print_a_box():
    """Should the table of covered characters ever be wrong, the engine's own warning stops the run."""
    engine = pdf._engine()
    document = engine.paper(string="<p>\u13a0</p>").render(
        font_config=engine.font_config, stylesheets=[engine.sheet("pdf/ledger.html")]
    )
    with pytest.raises(pdf.MissingGlyph) as caught, pdf._watched([ledgers.bare_ledger()]):
        document.write_pdf()
    assert caught.value.characters == ["\u13a0"]


def test_the_scan_finds_a_box():
    engine = pdf._engine()
    document = engine.paper(string="<p>村\u13a0</p>").render(
        font_config=engine.font_config, stylesheets=[engine.sheet("pdf/ledger.html")]
    )
    assert pdf.scan_glyphs(document.write_pdf()) != []


def test_uncovered_looks_through_a_whole_model():
    assert pdf.uncovered(ledgers.full_ledger()) == set()
    assert pdf.uncovered({"a": ["王", {"b": "\ue000"}]}) == {"\ue000"}
    assert pdf.uncovered("村　民\u200d\ufe00\n") == set()


# --- Nothing from outside ---


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "http://127.0.0.1/x.png", "https://example.test/x.png", "media:../../settings", "media:",
        "media:a/b", "data:text/html,<b>", "data:image/svg+xml,<svg/>", "ftp://example.test/x",
    ],
)  # fmt: skip
def test_an_address_other_than_our_media_is_refused(address):
    from weasyprint.urls import FatalURLFetchingError

    with pytest.raises(FatalURLFetchingError):
        pdf._fetcher(ledgers.media).fetch(address)


def test_our_media_and_image_data_are_read():
    fetcher = pdf._fetcher(ledgers.media)
    assert fetcher.fetch("media:dwelling").read() == ledgers.photo(472, 354)
    pixel = base64.b64encode(b"\x89PNG").decode()
    assert fetcher.fetch(f"data:image/png;base64,{pixel}").read() == b"\x89PNG"


def test_a_model_with_a_foreign_address_stops_with_a_sentence():
    model = ledgers.full_ledger()
    model["sections"][0]["photos"][0]["src"] = "file:///etc/hostname"
    with pytest.raises(pdf.PrintError, match="图片"):
        pdf.render([model], media=ledgers.media)


def test_a_lost_photo_leaves_its_description_and_the_ledger_prints():
    model = ledgers.full_ledger()
    model["sections"][0]["photos"] = [{"src": "media:gone", "caption": "户主", "alt": "户主照片"}]
    assert "户主照片" in letters(
        pdf.render([model], media=lambda ident: ledgers.media("dwelling" if ident != "gone" else "x"))
    )


def test_markup_in_a_value_stays_text():
    model = ledgers.bare_ledger(name="<b>王</b><img src=file:///etc/passwd>")
    assert "<b>王</b><imgsrc=file:///etc/passwd>" in letters(pdf.render([model]))


# --- The lean sheet ---


def test_the_engine_still_asks_for_the_sheet_we_replace():
    """`_ua_stylesheets` is a private name: this fails when a new release no longer uses it."""
    from weasyprint import HTML

    assert callable(HTML._ua_stylesheets)
    engine = pdf._engine()
    page = engine.paper(string="<ul><li>一</li></ul>").render(
        font_config=engine.font_config, stylesheets=[engine.sheet("pdf/ledger.html")]
    )
    kinds = {type(box).__name__ for box in page.pages[0]._page_box.descendants()}
    assert "InlineBox" in kinds
    assert not {kind for kind in kinds if "Marker" in kind}


def test_templates_use_only_elements_the_lean_sheet_knows():
    known = set(
        re.findall(r"\b([a-z]+[1-6]?)\b", re.sub(r"/\*.*?\*/|\{.*?\}", " ", pdf._css("ua.css").read_text(), flags=re.S))
    )
    known |= {"span", "path", "line", "rect", "text", "circle", "br"}
    for path in (Path(settings.BASE_DIR) / "templates" / "pdf").glob("*.html"):
        source = re.sub(r"\{[#%].*?[#%]\}", "", path.read_text("utf-8"))
        assert set(re.findall(r"<([a-z]+[1-6]?)", source)) <= known, path.name
        assert "style=" not in source


def test_style_sheet_sets_no_font_feature():
    """Each leaks memory with every run of text."""
    source = pdf._css("ledger.css").read_text()
    assert not re.search(r"font-(variant|feature|kerning)", source)


# --- Keys ---


def test_key_follows_content_and_not_the_printing():
    model = ledgers.full_ledger()
    key = pdf.content_key(model)
    again = copy.deepcopy(model)
    again["issue"] = {"number": "X", "as_of": "Y", "qr": "Z"}
    assert pdf.content_key(again) == key
    again["sections"][0]["pairs"][0]["value"] = "1"
    assert pdf.content_key(again) != key
    assert re.fullmatch(r"[0-9a-f]{64}", key)


# --- Merging ---


def test_parts_are_taken_out_and_put_in_any_order(two, tmp_path):
    _models, (content, counts) = two
    source = tmp_path / "batch.pdf"
    source.write_bytes(content)
    out = tmp_path / "village.pdf"
    pages = pdf.merge(
        [pdf.Part(source, counts[0], counts[1]), pdf.Part(content, 0, counts[0])],
        out,
        outlines=[("乙户", 0), ("甲户", counts[1])],
        title="青石村",
    )
    assert pages == 7
    with pikepdf.open(out) as merged:
        assert merged.check_pdf_syntax() == []
        entries = merged.open_outline().root
        assert [str(e.title) for e in entries] == ["乙户", "甲户"]
        assert merged.docinfo["/Title"] == "青石村"
        assert "/OutputIntents" in merged.Root
    merged_bytes = out.read_bytes()
    assert "共3页" in letters(merged_bytes, 0)
    assert "共4页" in letters(merged_bytes, 3)
    assert pdf.scan_glyphs(merged_bytes) == []


def test_more_files_than_may_be_open_are_merged_in_steps(two, tmp_path, monkeypatch):
    _models, (content, _counts) = two
    monkeypatch.setattr(pdf, "OPEN_FILES", 2)
    paths = [tmp_path / f"{n}.pdf" for n in range(5)]
    for path in paths:
        path.write_bytes(content)
    out = io.BytesIO()
    assert pdf.merge([pdf.Part(path, 4, 3) for path in paths], out, outlines=[("末户", 12)]) == 15
    assert page_count(out.getvalue()) == 15
    assert len(out.getvalue()) < 2 * len(content)


def test_identical_photos_and_fonts_are_kept_once(full):
    out = io.BytesIO()
    pdf.merge([full, bytes(bytearray(full)), bytes(bytearray(full))], out)
    assert len(out.getvalue()) < 1.6 * len(full)
    again = io.BytesIO()
    pdf.merge([full, bytes(bytearray(full)), bytes(bytearray(full))], again)
    assert again.getvalue() == out.getvalue()


# --- Checks and layout ---


def test_missing_subsetter_is_refused_at_start_up_with_its_remedy():
    (message,) = checks_pdf.check_printing(found=(True, False))
    assert message.level >= 40
    assert "libharfbuzz-subset0" in message.hint
    (message,) = checks_pdf.check_printing(found=(False, False))
    assert message.level == 30
    assert checks_pdf.check_printing(found=(True, True)) == []


def test_warm_process_can_print():
    pdf.warm_up()
    assert pdf.unavailable() == ""


def test_other_programs_keep_their_fonts():
    pdf._engine()
    assert "FONTCONFIG_FILE" not in os.environ


@pytest.mark.parametrize(("number", "text"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (31, "三十一")])
def test_chapter_numbers(number, text):
    assert booklet.chinese_number(number) == text


def test_column_widths_add_up():
    for weights in ([1, 1, 1], [5, 12, 7, 5, 8, 13, 7, 8, 8, 9, 10, 4, 4], [1000, 1]):
        shares = booklet._shares(weights)
        assert sum(shares) == 100
        assert min(shares) >= 1


def test_scripts_are_marked_and_text_is_escaped():
    assert booklet.written("<b>") == "&lt;b&gt;"
    assert booklet.written("") == "—"
    assert f'<span lang="ug" dir="rtl">{ledgers.UYGHUR}</span>' in booklet.written(f"王（{ledgers.UYGHUR}）")
    assert '<span lang="bo">' in booklet.written(ledgers.TIBETAN)
    assert booklet.written("阿卜·买") == '阿<span class="dot">卜·</span>买'


def test_a_row_of_the_wrong_length_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="2 cells under 1 columns"):
        booklet._table({"columns": [{"label": "a"}], "rows": [["1", "2"]]})


def test_faces_in_use_are_those_of_the_lock():
    assert fonts.problems(thorough=True) == []
