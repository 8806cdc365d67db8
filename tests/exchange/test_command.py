"""The shell command: the same verbs, a receipt in words or in JSON."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from households.models import Household
from tests.data import national

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = io.StringIO()
    call_command("import_households", *map(str, arguments), stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "national.xlsx"
    path.write_bytes(national.workbook(15, quirks=True))
    return path


def test_receipt_adds_up_and_second_run_changes_nothing(file, officer):
    first = json.loads(run(file, "--by", "officer", "--json"))
    assert first["state"] == "applied"
    assert first["households"]["created"] == 15
    for counts in (first["households"], first["members"]):
        assert counts["read"] == sum(counts[name] for name in ("created", "updated", "unchanged", "held", "rejected"))
    second = json.loads(run(file, "--by", "officer", "--json"))
    assert second["households"]["unchanged"] == 15
    assert second["members"]["unchanged"] == first["members"]["read"]


def test_dry_run_writes_nothing(file, officer):
    assert "待确认" in run(file, "--by", "officer", "--dry-run")
    assert not Household.objects.exists()


def test_unknown_columns_are_named_and_left_out(tmp_path, officer, sheet):
    family = national.families_with_everything(1)[0]
    row = dict(zip(national.FAMILY_A, national.cells_a(1, national.Place(), family, family.householder), strict=True))
    path = tmp_path / "a.xlsx"
    path.write_bytes(sheet([{**row, "房子颜色": "白"}]))
    told = io.StringIO()
    call_command("import_households", str(path), "--by", "officer", stdout=io.StringIO(), stderr=told)
    assert "房子颜色" in told.getvalue()
    assert Household.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--by", "nobody"), "没有用户"),
        (("--by", "clerk"), "没有导入农户数据的权限"),
    ],
)
def test_refusals(file, clerk, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(file, *arguments)


def test_file_that_is_no_workbook(tmp_path, officer):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"hello")
    with pytest.raises(CommandError, match="不是表格文件"):
        run(path, "--by", "officer")
    with pytest.raises(CommandError, match="读不到文件"):
        run(tmp_path / "missing.xlsx", "--by", "officer")
