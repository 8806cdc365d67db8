"""What is written to the log of the process: never a row. PostgreSQL quotes the whole of a row that it refuses, Python the text that it
could not read."""

from __future__ import annotations

import logging
import re
from typing import Any

from common import pii

_DETAIL = re.compile(r"^(\s*(?:DETAIL|CONTEXT|QUERY|HINT):).*?(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


class Line(logging.Formatter):
    """One line a message; of an exception what it was and where, without the values."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  logging's own name
        return _DETAIL.sub(r"\1 " + pii.HIDDEN, super().formatException(ei))

    def format(self, record: logging.LogRecord) -> str:
        return pii.without_numbers(super().format(record))
