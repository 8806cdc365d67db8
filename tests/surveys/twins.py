"""Asks the JavaScript twins: one process of node for a whole list of questions."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def vectors(name: str) -> Any:
    """A vector file that both languages run."""
    return json.loads((ROOT / "ui" / "test" / name).read_text(encoding="utf-8"))


def ask(**questions: list[Any]) -> dict[str, list[Any]]:
    """Answers of `ui/scripts/twins.mjs`, in order."""
    node = shutil.which("node")
    assert node, "node is missing; ./run brings it"
    done = subprocess.run(
        [node, str(ROOT / "ui" / "scripts" / "twins.mjs")], input=json.dumps(questions), capture_output=True, text=True, timeout=60
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
