"""What the pages of measures share: rows through the gate with their sight and their act, a verb's refusal in its form, photos."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import require
from assistance.models import AssistanceEvidence, Delivery, Measure, ServiceRequest
from common import audit, pictures
from common.models import AuditEvent
from common.readonly import reads_only
from households import trail
from households.models import Household

SHOWN = 30
PLACE = ("household__village", "household__township")

__all__ = ["DEPARTMENT", "OFFICE", "Desk", "delivery_or_404", "history_of", "household_or_404", "measure_or_404", "request_or_404"]  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """From where deliveries are recorded: the offices that have the ledger, or a department, which has its own kinds and nothing else."""

    title: Any
    to_record: Permission
    to_pay: Permission
    at: str  # beginning of the names of its addresses
    is_department: bool = False

    @property
    def list_url(self) -> str:
        return reverse(f"assistance:{self.at}_list")

    @property
    def batch_url(self) -> str:
        return reverse("assistance:department_batch" if self.is_department else "assistance:delivery_batch")

    @property
    def reverse_name(self) -> str:
        return "assistance:department_reverse" if self.is_department else "assistance:delivery_reverse"

    def measure_url(self, pk: int) -> str:
        return reverse(f"assistance:{self.at}_{'measure' if self.is_department else 'detail'}", args=[pk])


OFFICE = Desk(_("帮扶措施"), Permission.DELIVERY_RECORD, Permission.FUND_PAY, "measure")
DEPARTMENT = Desk(
    _("本部门措施"),
    Permission.MEASURE_DEPARTMENT,
    Permission.MEASURE_DEPARTMENT,
    "department",
    is_department=True,
)


def _row(model: Any, request: HttpRequest, pk: int, act: Permission | None, *related: str) -> Any:
    """A row that one sees (404), and on which one holds the permission (403)."""
    row = get_object_or_404(model.objects.for_user(request.user).select_related(*related), pk=pk)
    if act is not None:
        require(request.user, act, row)
    return row


def household_or_404(request: HttpRequest, pk: int, act: Permission | None = None) -> Household:
    found: Household = _row(Household, request, pk, act, "village", "township")
    return found


def measure_or_404(request: HttpRequest, pk: int, act: Permission | None = None) -> Measure:
    found: Measure = _row(Measure, request, pk, act, "kind__category", "member", "task", "plan", *PLACE)
    return found


def delivery_or_404(request: HttpRequest, pk: int, act: Permission | None = None) -> Delivery:
    found: Delivery = _row(Delivery, request, pk, act, "measure__kind", "kind", "member", *PLACE)
    return found


def request_or_404(request: HttpRequest, pk: int, act: Permission | None = None) -> ServiceRequest:
    found: ServiceRequest = _row(
        ServiceRequest, request, pk, act, "member", "taker", "measure__kind", "pairing__cadre", *PLACE
    )
    return found


def history_of(*rows: Any) -> list[dict[str, str]]:
    """What happened to rows, newest first, for `{% timeline %}`."""
    events = AuditEvent.objects.filter(target__in=[audit.row_key(row) for row in rows]).order_by("-id")[:SHOWN]
    return [{"title": change.title, "meta": change.meta, "text": change.note} for change in trail.read(events)]


@reads_only
def evidence(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A photo of a delivery, project or house, or a signature, or its thumbnail (`?size=small`): seen where its thing is."""
    for permission in (Permission.HOUSEHOLD_VIEW, Permission.MEASURE_DEPARTMENT):
        seen = AssistanceEvidence.objects.for_user(request.user, permission)
        if photo := seen.filter(uid=uid, removed_at=None).first():
            return pictures.answer_kept(request, photo.file)
    raise Http404
