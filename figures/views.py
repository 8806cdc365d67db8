"""Pages of figures: the board of a region, and the lists behind its numbers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.scoping import posted_regions, require_somewhere, visible_region_ids
from common import pages
from common.readonly import reads_only
from figures import board as boards_of
from figures import datasets, trends
from figures.filters import filter_for
from regions.models import Level, Region

SEE = boards_of.SEE
FRONT = 6  # filters of a list that are always in sight


@reads_only
def boards(request: HttpRequest) -> HttpResponse:
    """The own area; with several, the choice between them."""
    require_somewhere(request.user, SEE)
    tops = posted_regions(request.user, SEE)
    if len(tops) == 1:
        return redirect("figures:board", tops[0].pk)
    return render(request, "figures/boards.html", {"tops": sorted(tops, key=lambda region: region.code)})


@reads_only
def board(request: HttpRequest, pk: int) -> HttpResponse:
    require_somewhere(request.user, SEE)
    visible = set(visible_region_ids(request.user, SEE))
    region = get_object_or_404(Region.objects.select_related("parent"), pk=pk if pk in visible else None)
    year = _year(request.GET.get("year", ""))
    since = "year" if request.GET.get("since") == "year" else "month"
    below = list(Region.objects.current().filter(parent=region).order_by("code")) if region.level < Level.VILLAGE else []
    above = region.parent if region.level > Level.COUNTY else None
    found = boards_of.Board(request.user, region, below, above, year=year, since=since)
    context = {
        "board": found, "region": region, "year": year, "years": boards_of.years(), "since": since,
        "head": boards_of.head_below(region), "meanings": boards_of.meanings(request.user), "trend": trends.line_of(found),
        "trail": _trail(region, visible, year),
    }  # fmt: skip
    return render(request, "figures/board.html", context)


def _year(asked: str) -> int:
    years = boards_of.years()
    return int(asked) if asked.isdecimal() and len(asked) < 5 and int(asked) in years else years[0]


def _trail(region: Region, visible: set[int], year: int) -> list[tuple[str, str]]:
    above = Region.objects.filter(pk__in=[pk for pk in region.ancestor_ids if pk in visible and pk != region.pk])
    own = [(each.name, boards_of.board_url(each, year)) for each in above.order_by("level")] if region.parent_id in visible else []
    return [(_("看板"), reverse("figures:boards")), *own, (region.name, "")]


@reads_only
def rows(request: HttpRequest, code: str) -> HttpResponse:
    """The rows that a figure counts."""
    require_somewhere(request.user, SEE)
    dataset = datasets.get(code)
    if dataset is None:
        raise Http404
    if not request.user.can(dataset.permission):  # type: ignore[union-attr]
        raise PermissionDenied(dataset.permission)
    filterset = filter_for(dataset, request.GET, request)
    unit, here = str(dataset.unit), reverse("figures:rows", args=[code])

    def counted(count: pages.Count) -> str:
        if count.capped:
            return _("一万%(unit)s以上") % {"unit": unit}
        return _("共 %(count)s %(unit)s") % {"count": f"{count.value:,}", "unit": unit}

    def context(page: pages.Page) -> dict[str, Any]:
        fields = [filterset.form[name] for name in filterset.form.fields if name != "region"]
        return {
            "rows": [dataset.tell(row) for row in page.rows], "title": dataset.label, "meaning": dataset.meaning, "fields": fields[:FRONT],
            "more": fields[FRONT:], "more_open": any(filterset.data.get(field.name) for field in fields[FRONT:]),
            "here": here, "trail": [(_("看板"), reverse("figures:boards")), (str(dataset.label), "")], "kept": {},
        }  # fmt: skip

    return pages.list_page(
        request, template="figures/rows.html", url=here, filterset=filterset,
        counted=counted, context=context, rows=lambda found: found.select_related(*dataset.related),
    )  # fmt: skip


