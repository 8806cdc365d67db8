"""The public lists come in once, come in again without change, and changes of theirs are kept as history."""

import io
import json
import tarfile

import pytest
from django.core.management import CommandError, call_command

from regions.loading import short_name
from regions.models import Level, Region, Succession
from regions.services import look_up

LISTS = {
    "provinces.csv": ['code,name', '98,"某省"', '97,"别省"'],
    "cities.csv": ['code,name,provinceCode', '9801,"某市",98', '9701,"别市",97'],
    "areas.csv": ['code,name,cityCode,provinceCode', '980101,"甲县",9801,98', '980102,"乙县",9801,98', '970101,"丙县",9701,97'],
    "streets.csv": [
        'code,name,areaCode,provinceCode,cityCode', '980101100,"城关镇",980101,98,9801', '980101200,"山前乡",980101,98,9801',
        '980102100,"河东镇",980102,98,9801', '970101100,"别镇",970101,97,9701',
    ],
    "villages.csv": [
        'code,name,streetCode,provinceCode,cityCode,areaCode', '980101100001,"东街社区居委会",980101100,98,9801,980101',
        '980101200200,"上坡村村委会",980101200,98,9801,980101', '980101200201,"下坡村民委员会",980101200,98,9801,980101',
        '980102100200,"河东村委会",980102100,98,9801,980102', '970101100200,"别村委会",970101100,97,9701,970101',
    ],
}  # fmt: skip


@pytest.fixture
def package(tmp_path):
    """A folder in the layout of the package."""

    def write(**changed):
        (tmp_path / "dist").mkdir(exist_ok=True)
        for name, lines in (LISTS | {f"{key}.csv": value for key, value in changed.items()}).items():
            (tmp_path / "dist" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path

    return write


def load(source, **options):
    out = io.StringIO()
    call_command("load_regions", str(source), json=True, stdout=out, **options)
    return json.loads(out.getvalue())


def test_one_county_with_what_stands_above_it(db, package):
    outcome = load(package(), county="980101")
    assert (outcome["read"], outcome["created"]) == (8, 8)
    village = Region.objects.get(code="980101200200")
    assert (village.name, village.full_name, village.level) == ("上坡村", "甲县山前乡上坡村", Level.VILLAGE)
    assert [Region.objects.get(pk=pk).name for pk in village.ancestor_ids] == [
        "某省",
        "某市",
        "甲县",
        "山前乡",
        "上坡村",
    ]
    assert Region.objects.get(name="甲县").code == "980101000000"
    assert not Region.objects.filter(name="乙县").exists()
    assert village.initials.startswith("spc")


def test_twice_changes_nothing(db, package):
    load(package(), county="980101")
    again = load(package(), county="980101")
    assert (again["created"], again["unchanged"], again["renamed"]) == (0, 8, [])
    assert load(package(), province="98")["created"] == 3


def test_changes_are_history(db, package):
    load(package(), county="980101")
    villages = [
        line.replace("上坡村", "坡上村").replace("980101200201", "980101200299") for line in LISTS["villages.csv"]
    ]
    streets = [line.replace("山前乡", "山前镇") for line in LISTS["streets.csv"] if "城关镇" not in line]
    villages = [line for line in villages if "东街" not in line]
    outcome = load(package(villages=villages, streets=streets), county="980101", on=None)
    assert (outcome["created"], len(outcome["renamed"]), len(outcome["recoded"])) == (0, 2, 1)
    assert outcome["absent"] == ["甲县城关镇", "甲县城关镇东街社区"]
    assert Region.objects.get(code="980101200200").full_name == "甲县山前镇坡上村"
    assert Region.objects.get(code="980101200299").full_name == "甲县山前镇下坡村"
    assert [region.name for region in look_up(name="上坡村")] == ["坡上村"]
    assert [region.name for region in look_up(code="980101200201")] == ["下坡村"]
    assert Succession.objects.count() == 3


def test_a_dry_run_changes_nothing(db, package):
    assert load(package(), county="980101", dry_run=True)["created"] == 8
    assert not Region.objects.exists()


def test_a_packed_package_is_read_without_unpacking(db, package, tmp_path):
    folder = package()
    packed = tmp_path / "package.tgz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(folder / "dist", arcname="package/dist")
    assert load(packed, county="980102")["created"] == 5


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"county": "980199"}, "没有代码"), ({"county": "98"}, "县用 6 位"), ({"province": "xx"}, "县用 6 位")],
)
def test_what_is_wrong_is_said(db, package, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        load(package(), **options)


def test_a_folder_without_the_lists_is_refused(db, tmp_path):
    with pytest.raises(CommandError, match="缺少文件"):
        load(tmp_path, county="980101")
    with pytest.raises(CommandError, match="找不到"):
        load(tmp_path / "no", county="980101")
    (tmp_path / "text.tgz").write_text("no archive")
    with pytest.raises(CommandError, match="不是文件夹也不是"):
        load(tmp_path / "text.tgz", county="980101")


@pytest.mark.parametrize(
    ("listed", "called"),
    [
        ("青石村村委会", "青石村"), ("青石村民委员会", "青石村"), ("青石村委会", "青石村"), ("青石村村民委员会", "青石村"),
        ("河东社区居委会", "河东社区"), ("河东社区居民委员会", "河东社区"), ("东街居委会", "东街居委会"), ("林场生活区", "林场生活区"),
        ("村委会", "村委会"),
    ],
)  # fmt: skip
def test_villages_are_called_as_people_call_them(listed, called):
    assert short_name(listed, Level.VILLAGE) == called
