"""`./run`: says what it can do, refuses what it cannot, and never removes what it did not make."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"[\w.-]+(\[\w+\])?==[\w.]+  # \w.*")


def run(*args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "run", *args], capture_output=True, text=True, timeout=60, check=False, env=os.environ | environ
    )


@pytest.mark.parametrize("args", [["frobnicate"], ["--version"], ["check", "households"]])
def test_unknown_command_is_an_error_with_the_usage(args):
    done = run(*args)

    assert done.returncode == 2
    assert "./run test" in done.stderr
    assert done.stdout == ""


def test_help_names_every_command():
    done = run("--help")

    assert done.returncode == 0
    for command in ("serve", "check", "test", "bench", "manage"):
        assert f"./run {command}" in done.stdout


def test_folder_that_is_no_environment_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = run("manage", "version", YIHU_VENV=str(tmp_path), YIHU_VAR=str(tmp_path / "var"), YIHU_SYSTEM_PACKAGES="no")

    assert done.returncode == 1
    assert "is in the way" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_has_a_reason(path):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]

    assert lines
    assert [line for line in lines if not PIN.fullmatch(line)] == []


def test_every_setting_of_the_environment_is_explained():
    read = set()
    for path in ROOT.glob("config/settings/*.py"):
        read |= set(re.findall(r'\benv(?:\.\w+)?\("([A-Z_]+)"', path.read_text()))
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))

    assert {"DATABASE_URL", "SECRET_KEY", "YIHU_VAR"} <= read
    assert explained == read | {"DJANGO_SETTINGS_MODULE"}
