"""How pages answer a form: a verb's refusal at the fields it names, the status that says whether anything was wrong, and the page of one form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from common.refusal import RefusedError

CONFLICT = 409
INVALID = 422


def posted(request: HttpRequest) -> Any:
    """What a form is bound to: an empty POST is a form, too."""
    return request.POST if request.method == "POST" else None


def attempt(form: Any, verb: Callable[[], Any]) -> Any:
    """Call a verb; what it refuses is put into the form, at the fields it names, and None comes back. PermissionDenied goes on to the 403
    page."""
    try:
        return verb()
    except ValidationError as error:
        if hasattr(form, "absorb"):
            form.absorb(error)
        else:
            put_errors(form, error)
    except RefusedError as error:
        form.add_error(None, str(error))
    return None


def put_errors(form: Any, error: ValidationError) -> None:
    """A verb's refusal at the fields it names."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error.messages)
        return
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, [m for e in errors for m in e.messages])


def sent_file(name: str, kind: str, content: bytes | Iterable[bytes]) -> HttpResponse | StreamingHttpResponse:
    """A file on its way out under its name, kept in no cache; in pieces where it is made or decrypted while it is sent."""
    headers = {"Content-Disposition": content_disposition_header(True, name) or "", "Cache-Control": "no-store"}
    answer = HttpResponse if isinstance(content, bytes) else StreamingHttpResponse
    return answer(content, content_type=kind, headers=headers)


def form_status(form: Any, conflict: Any = None) -> int:
    """409 where somebody changed it meanwhile, 422 for a form with errors, else 200; `form` None where the page has none."""
    if conflict:
        return CONFLICT
    return INVALID if form is not None and form.is_bound and form.errors else 200


def form_page(
    request: HttpRequest, form: Any, title: str, *, back: str, trail: Sequence[tuple[str, str]], **more: Any
) -> HttpResponse:
    """A form on a page of its own. `trail` leads to it, and may end in a crumb of its own without an address; the title is put there
    otherwise. `more`: sub, verb, intro, warning, pairs [(label, value)], danger, beside (label, address) of another form."""
    own = [] if trail and not trail[-1][1] else [(title, "")]
    context = {
        "form": form, "title": title, "back": back, "trail": [*trail, *own], "verb": _("保存"), "multipart": form.is_multipart(),
        **dict.fromkeys(("sub", "intro", "warning", "pairs", "danger", "beside")),
    }  # fmt: skip
    return render(request, "layout/form.html", context | more, status=form_status(form))
