"""What pages of surveys share: the answer to a form, a verb's refusal put where it belongs, a figure that counts households."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import npgettext

from households.services import LedgerError

INVALID = 422


def attempt(form: Any, verb: Callable[[], Any]) -> Any:
    """Call a verb; what it refuses is put into the form, at the fields it names, and None comes back. PermissionDenied goes on."""
    try:
        return verb()
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            form.add_error(None, error.messages)
            return None
        for name, errors in error.error_dict.items():
            form.add_error(name if name in form.fields else None, [m for e in errors for m in e.messages])
    except LedgerError as error:
        form.add_error(None, str(error))
    return None


def form_status(form: Any) -> int:
    return INVALID if form.is_bound and form.errors else 200


def households(count: int) -> dict[str, Any]:
    """The figure of a tile that counts households, with its unit."""
    return {"value": f"{count:,}", "unit": npgettext("计数单位", "户", "户", count)}
