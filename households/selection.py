"""Which rows somebody ticked in a list: rows of one page, or everything a filter found.

An action's page reads it from the list's POST, shows what will happen, and sends it on as a signed text, so that what is done is what
was shown, even when the filter would find something else by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from common.pages import in_order, query_of
from households.filters import HouseholdFilter
from households.models import Household
from households.services import LedgerError

MOST = 2000
CHOSEN = "chosen"


@dataclass(frozen=True)
class Kind:
    """What can be chosen in a list: its rows, their filters, the words for nothing chosen and for too much."""

    model: Any
    filterset: Any
    related: tuple[str, ...]
    nothing: Any = gettext_lazy("还没有选择农户。请在列表中勾选后再操作。")
    too_many: Any = gettext_lazy("一次最多选择 %(most)s 户，请加上筛选条件，分几次做。")

    @property
    def salt(self) -> str:
        return f"{self.model._meta.app_label}.selection.{self.model._meta.model_name}"


HOUSEHOLDS = Kind(Household, HouseholdFilter, ("village", "township"))


@dataclass(frozen=True)
class Selection:
    """Primary keys in the order of the list, all of rows on which the user holds the permission asked for.

    `left_out` counts those that were ticked and are not among them: without that permission, or gone meanwhile.
    """

    pks: list[int]
    left_out: int
    token: str
    kind: Kind = HOUSEHOLDS

    def __len__(self) -> int:
        return len(self.pks)

    def rows(self, user: Any, permission: Permission, first: int | None = None) -> list[Any]:
        """The rows (the `first` of them), through the gate."""
        rows = self.kind.model.objects.for_user(user, permission).select_related(*self.kind.related)
        return in_order(rows, self.pks[:first])

    households = rows


def read(request: HttpRequest, permission: Permission, kind: Kind = HOUSEHOLDS) -> Selection:
    """What the POST chose. Raises `LedgerError` with a sentence where that is nothing, too much, or no longer valid."""
    seen = kind.model.objects.for_user(request.user)
    post = request.POST
    if CHOSEN in post:
        asked = _unsign(post[CHOSEN], request.user.pk, kind)
    elif post.get("all"):
        filterset = kind.filterset(post, seen, request=request)
        if not filterset.is_valid():
            raise LedgerError(_("筛选条件有误，请回到列表重新选择。"))
        asked = list(filterset.qs.order_by("-pk").values_list("pk", flat=True)[: MOST + 1])
    else:
        ticked = [int(pk) for pk in post.getlist("pk") if pk.isdecimal() and len(pk) < 19]
        asked = list(seen.filter(pk__in=ticked[: MOST + 1]).order_by("-pk").values_list("pk", flat=True))
    if not asked:
        raise LedgerError(str(kind.nothing))
    if len(asked) > MOST:
        raise LedgerError(str(kind.too_many) % {"most": f"{MOST:,}"})
    may = set(kind.model.objects.for_user(request.user, permission).filter(pk__in=asked).values_list("pk", flat=True))
    pks = [pk for pk in asked if pk in may]
    token = signing.dumps([request.user.pk, pks], salt=kind.salt, compress=True)
    return Selection(pks, len(asked) - len(pks), token, kind)


def _unsign(token: str, user_pk: int, kind: Kind) -> list[int]:
    try:
        owner, pks = signing.loads(token, salt=kind.salt, max_age=12 * 3600)
    except signing.BadSignature as error:
        raise LedgerError(_("选择已经过期，请回到列表重新选择。")) from error
    if owner != user_pk:
        raise LedgerError(_("选择已经过期，请回到列表重新选择。"))
    return pks


def list_query(request: HttpRequest, kind: Kind = HOUSEHOLDS) -> dict[str, str]:
    """The filters the list stood under, to lead back to it."""
    return query_of(kind.filterset(request.POST, kind.model.objects.none(), request=request))
