"""Pages of figures: the board of a region, and the lists behind its numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.scoping import may_in, posted_regions, require_somewhere, visible_region_ids
from common import pages
from common.answering import INVALID, sent_file
from common.pages import address
from common.pdf import PrintError
from common.readonly import read_on_get, reads_only
from figures import atlas, datasets, paper, services, trends
from figures import board as boards_of
from figures.around import Around
from figures.filters import filter_for
from figures.forms import OutlinesForm, PositionsForm, TilesForm
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
    """The figures of a region of one's own area; one page for county, township and village."""
    require_somewhere(request.user, SEE)
    return _board_page(request, Around(request.user, pk))


def _asked(request: HttpRequest, around: Around) -> boards_of.Board:
    year = _year(request.GET.get("year", ""))
    since = "year" if request.GET.get("since") == "year" else "month"
    return boards_of.Board(request.user, around.region, around.below, around.above, year=year, since=since)


def _board_page(request: HttpRequest, around: Around, error: str = "") -> HttpResponse:
    found = _asked(request, around)
    year, since = found.year, "year" if request.GET.get("since") == "year" else "month"
    context = {
        "board": found, "region": around.region, "year": year, "years": boards_of.years(), "since": since,
        "head": boards_of.head_below(around.region), "meanings": boards_of.meanings(request.user), "trend": trends.line_of(found),
        "trail": around.trail(year), "may_place": around.below and may_in(request.user, atlas.EDIT, around.region),
        "pdf_url": _pdf_url(around.region, year, since), "error": error,
    }  # fmt: skip
    return render(request, "figures/board.html", context, status=INVALID if error else 200)


def _pdf_url(region: Region, year: int, since: str) -> str:
    asked = {"year": str(year), "since": since if since == "year" else ""}
    return address(reverse("figures:board_pdf", args=[region.pk]), {name: text for name, text in asked.items() if text})


@reads_only
def board_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The same on A4."""
    require_somewhere(request.user, SEE)
    around = Around(request.user, pk)
    try:
        with translation.override("zh-hans"):  # as every paper
            found = _asked(request, around)
            content = paper.made(found, trends.line_of(found))
            name = paper.file_name(found)
    except PrintError as error:
        return _board_page(request, around, str(error))
    return sent_file(name, paper.KIND, content)


@reads_only
def wall(request: HttpRequest, pk: int) -> HttpResponse:
    """挂图作战: the board for a screen on the wall, which asks for itself anew every minute."""
    require_somewhere(request.user, SEE)
    around = Around(request.user, pk)
    found = boards_of.Board(request.user, around.region, around.below, around.above, year=boards_of.years()[0])
    context = {
        "board": found, "region": around.region, "trend": trends.line_of(found), "head": boards_of.head_below(around.region),
        "back": boards_of.board_url(around.region),
    }  # fmt: skip
    return render(request, "figures/wall.html", context)


@read_on_get
def map_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the places below a region are drawn: tiles, positions of villages, outlines of one's own."""
    require_somewhere(request.user, atlas.EDIT)
    if pk not in visible_region_ids(request.user, atlas.EDIT):
        raise Http404
    region = Region.objects.get(pk=pk)
    below = list(Region.objects.current().filter(parent=region).order_by("code"))
    kept = atlas.places_of(below)
    act = request.POST.get("act", "")
    tiles = TilesForm(request.POST if act == "tiles" else None, places=below, at=atlas.grid(below, kept))
    positions = PositionsForm(request.POST if act == "positions" else None)
    outlines = OutlinesForm(request.POST if act == "outlines" else None, request.FILES if act == "outlines" else None)
    form = {"tiles": tiles, "positions": positions, "outlines": outlines}.get(act)
    if request.method == "POST":
        if act == "drop":
            services.drop_outlines(region=region, by=request.user)
            messages.success(request, _("已不用边界，改用方格。"))
            return redirect("figures:map_edit", pk)
        if form is not None and form.is_valid() and _drawn(request, region, form):
            return redirect("figures:map_edit", pk)
    context = {
        "region": region, "tiles": tiles, "positions": positions, "outlines": outlines, "tiled": below and below[0].level < Level.VILLAGE,
        "has_outlines": any(row.shape for row in kept.values()),
        "trail": [(_("看板"), reverse("figures:boards")), (region.name, boards_of.board_url(region)), (_("地图"), "")],
    }  # fmt: skip
    return render(request, "figures/map_edit.html", context, status=422 if request.method == "POST" else 200)


def _drawn(request: HttpRequest, region: Region, form: Any) -> bool:
    """Whether what the form holds was put on the map."""
    try:
        match form:
            case TilesForm():
                services.place_tiles(region=region, tiles=form.tiles(), by=request.user)
            case PositionsForm():
                services.place_villages(region=region, text=form.cleaned_data["text"], by=request.user)
            case _:
                services.bring_outlines(region=region, data=form.cleaned_data["file"].read(), by=request.user)
    except services.AtlasError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("地图已更新。"))
    return True


def _year(asked: str) -> int:
    years = boards_of.years()
    return int(asked) if asked.isdecimal() and len(asked) < 5 and int(asked) in years else years[0]


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
