"""The example client of docs/api.md, run as its readers run it."""

import csv
import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from accounts import tokens
from accounts.roles import Permission
from tests.factories import HouseholdFactory

CLIENT = Path(__file__).resolve().parents[2] / "docs" / "examples" / "read_households.py"
pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "outside"]), pytest.mark.slow]


def run(live_server, text, path):
    return subprocess.run(
        [sys.executable, CLIENT, path], env=os.environ | {"YIHU_URL": live_server.url, "YIHU_TOKEN": text}, capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip


def test_reads_what_its_token_may(live_server, land, official, tmp_path):
    for village, status in (
        (land.village, "unstable"),
        (land.far_village, "marginal"),
        (land.other_village, "hardship"),
        (land.village, "ordinary"),
    ):
        HouseholdFactory(village=village, status=status, with_householder=True)
    permissions = [Permission.HOUSEHOLD_VIEW, Permission.FIGURES_VIEW]
    soon = timezone.localdate() + dt.timedelta(days=9)
    token, text = tokens.issue(user=official, name="试用", permissions=permissions, expires_on=soon, by=official)
    done = run(live_server, text, tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert [row[head.index("village")] for row in rows] == ["柳树村", "青石村"]
    assert "示范县 在册农户: 3 户" in done.stdout
    tokens.revoke(token=token, by=official)
    refused = run(live_server, text, tmp_path / "none.csv")
    assert refused.returncode == 1
    assert "令牌无效" in refused.stderr
