"""Figures for programs: boards, the rows behind their numbers, the tables of the report centre. The same answers as the pages give."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from accounts.roles import Permission
from common.rest import Code, Guarded, Holds, Listing, PlaceSerializer, Rows, refuse_unknown
from figures import board as boards_of
from figures import datasets
from figures.around import Around
from figures.board import PANELS, TILES, Board, Cell
from figures.filters import RowFilter, filter_for
from figures.reports import asking
from figures.reports.definitions import BY_CODE, GROUPS, TABLES
from figures.reports.models import ReportFile, SavedReport
from figures.reports.tables import answer

YEAR = OpenApiParameter("year", int, description=gettext_lazy("年度；不写就是今年和现在。"))
REGION = OpenApiParameter("region", int, description=gettext_lazy("地区；不写就是自己的地区。"))


class CellSerializer(serializers.Serializer[Any]):
    """A number. `rows` is the address of the rows that it counts, null where it is 0; `number` is in 分 where `unit` is 元, `text` as people read it."""

    number = serializers.IntegerField()
    text = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    rows = serializers.SerializerMethodField()

    def get_rows(self, cell: Cell) -> str | None:
        page, _mark, query = cell.url.partition("?")
        if not page:
            return None
        dataset = page.rstrip("/").rsplit("/", 1)[1]
        path = reverse("api:dataset-row-list", args=[dataset]) + (f"?{query}" if query else "")
        request = self.context.get("request")
        return request.build_absolute_uri(path) if request else path


class TileSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()
    meaning = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    cell = CellSerializer()


class PanelRowSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()
    cells = CellSerializer(many=True)


class PanelSerializer(serializers.Serializer[Any]):
    """A figure told apart; `heads` name the cells of each row."""

    code = serializers.CharField()
    title = serializers.CharField()
    meaning = serializers.CharField()
    heads = serializers.ListField(child=serializers.CharField())
    rows = PanelRowSerializer(many=True)


class PlaceLineSerializer(serializers.Serializer[Any]):
    region = PlaceSerializer()
    cells = CellSerializer(many=True)


class BoardSerializer(serializers.Serializer[Any]):
    """The board of a region. `places` holds a line for each region below, its cells under `place_heads`."""

    region = PlaceSerializer()
    year = serializers.IntegerField()
    as_of = serializers.DateTimeField()
    tiles = TileSerializer(many=True)
    panels = PanelSerializer(many=True)
    place_heads = serializers.ListField(child=serializers.CharField())
    places = PlaceLineSerializer(many=True)


class BoardViewSet(Guarded, ViewSet):
    """看板: the own regions, and the board of each region of one's own area."""

    needs = Permission.FIGURES_VIEW
    permission_classes = (Holds,)

    @extend_schema(operation_id="boards_list", responses=PlaceSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The regions one is posted at: where to begin."""
        return Response(PlaceSerializer(asking.tops(request.user), many=True).data)

    @extend_schema(
        operation_id="boards_retrieve",
        parameters=[OpenApiParameter("id", int, "path"), YEAR],
        responses=BoardSerializer,
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """Tiles, panels and places of a region in a year; numbers as on the page."""
        around = Around(request.user, int(pk) if pk.isdecimal() and len(pk) < 19 else 0)
        board = Board(request.user, around.region, around.below, around.above, year=_year(request))
        tiles = [tile for tile in TILES if board.may(tile.dataset)]
        told = {
            "region": around.region, "year": board.year, "as_of": board.reading.at,
            "tiles": [
                {"code": tile.code, "label": cell.label, "meaning": cell.meaning, "notes": cell.notes, "cell": cell}
                for tile, cell in zip(tiles, board.tiles, strict=True)
            ],
            "panels": [_panel(board.panels[panel.code]) for panel in PANELS if panel.code in board.panels],
            "place_heads": [cell.label for cell in board.whole.cells],
            "places": [{"region": line.region, "cells": line.cells} for line in board.places],
        }  # fmt: skip
        return Response(BoardSerializer(told, context={"request": request}).data)


def _year(request: Request) -> int:
    asked, years = request.query_params.get("year", ""), boards_of.years()
    if asked and not (asked.isdecimal() and len(asked) < 5 and int(asked) in years):
        raise ValidationError(
            {"year": [_("年度要在 %(first)s 到 %(last)s 之间，请重新选择。") % {"first": years[-1], "last": years[0]}]}
        )
    return int(asked) if asked else years[0]


def _panel(bars: Any) -> dict[str, Any]:
    rows = [{"label": bar.label, "cells": cells} for bar, cells in bars.rows]
    return {"code": bars.code, "title": bars.title, "meaning": bars.meaning, "heads": bars.heads, "rows": rows}


# -- datasets -------------------------------------------------------------------------------------------------------------------


class OptionSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class DimensionSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()
    options = serializers.SerializerMethodField()

    @extend_schema_field(OptionSerializer(many=True))
    def get_options(self, dimension: Any) -> list[dict[str, str]]:
        return [{"code": str(key), "text": str(words)} for key, words in dimension.options()]


class MeasureSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()
    unit = serializers.CharField()


class DatasetSerializer(serializers.Serializer[Any]):
    """What is counted: its dimensions are filters of its rows and axes of pivot tables, its measures what is added up."""

    code = serializers.CharField()
    label = serializers.CharField()
    meaning = serializers.CharField()
    has_years = serializers.SerializerMethodField()
    dimensions = DimensionSerializer(many=True)
    measures = MeasureSerializer(many=True)

    def get_has_years(self, dataset: datasets.Dataset) -> bool:
        return dataset.year is not None


class ToldSerializer(serializers.Serializer[Any]):
    """A row behind a figure, as the list says it."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    meta = serializers.CharField(allow_blank=True)
    page = serializers.CharField()


class DatasetViewSet(Guarded, ViewSet):
    """数据项: what is counted."""

    needs = Permission.FIGURES_VIEW
    permission_classes = (Holds,)

    @extend_schema(operation_id="datasets_list", responses=DatasetSerializer(many=True))
    def list(self, request: Request) -> Response:
        """What one may see counted."""
        found = [each for each in datasets.known() if asking.may_see(request.user, each)]
        return Response(DatasetSerializer(found, many=True).data)


@extend_schema_view(
    list=extend_schema(
        parameters=[OpenApiParameter("code", str, "path", enum=[each.code for each in datasets.known()])]
    )
)
class DatasetRows(Listing):
    """The rows that a figure counts, under the filters of its list: `region`, `year`, and each dimension of the dataset."""

    needs = Permission.FIGURES_VIEW
    serializer_class = ToldSerializer
    filterset_class = RowFilter
    queryset = SavedReport.objects.none()  # of no dataset in particular

    @property
    def dataset(self) -> datasets.Dataset:
        found = datasets.get(self.kwargs["code"])
        if found is None:
            raise Http404
        if not asking.may_see(self.request.user, found):
            raise PermissionDenied
        return found

    def get_queryset(self) -> QuerySet[Any]:
        return self.dataset.model._base_manager.none()

    def bound_filter(self, queryset: QuerySet[Any], made: Any) -> RowFilter:
        return filter_for(self.dataset, self.request.query_params, self.request)

    def with_facts(self, found: QuerySet[Any]) -> QuerySet[Any]:
        return found.select_related(*self.dataset.related)

    def told(self, rows: list[Any]) -> list[dict[str, Any]]:
        found = [(row.pk, self.dataset.tell(row)) for row in rows]
        return [{"id": pk, "text": told.text, "meta": told.meta, "page": told.url} for pk, told in found]


# -- reports --------------------------------------------------------------------------------------------------------------------


class TableSerializer(serializers.Serializer[Any]):
    """A table of the report centre: what its rows and columns are."""

    code = serializers.CharField()
    title = serializers.CharField()
    group = Code(lambda group: GROUPS[group])
    dataset = serializers.CharField()
    rows = serializers.ListField(child=serializers.CharField())
    column = serializers.CharField(allow_blank=True)
    measures = serializers.ListField(child=serializers.CharField())


class HeadSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    wide = serializers.IntegerField()


class LineSerializer(serializers.Serializer[Any]):
    heads = serializers.ListField(child=serializers.CharField(allow_blank=True))
    total = serializers.BooleanField()
    cells = CellSerializer(many=True)


class GridSerializer(serializers.Serializer[Any]):
    """A table with its numbers. `columns` say how many `measures` each spans; without a column the measures stand beside each other."""

    code = serializers.CharField()
    title = serializers.CharField()
    scope = serializers.CharField()
    region = PlaceSerializer()
    year = serializers.IntegerField(allow_null=True)
    as_of = serializers.DateTimeField()
    heads = serializers.ListField(child=serializers.CharField())
    columns = HeadSerializer(many=True)
    measures = serializers.ListField(child=serializers.CharField())
    lines = LineSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class ReportViewSet(Guarded, ViewSet):
    """报表: the tables, and each of them counted."""

    needs = Permission.FIGURES_VIEW
    permission_classes = (Holds,)
    lookup_value_regex = "[a-z0-9-]+"

    @extend_schema(operation_id="reports_list", responses=TableSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The tables one may ask for."""
        seen = {each.code for each in datasets.known() if asking.may_see(request.user, each)}
        return Response(TableSerializer([table for table in TABLES if table.dataset in seen], many=True).data)

    @extend_schema(
        operation_id="reports_retrieve", parameters=[
            OpenApiParameter("id", str, "path", enum=[*BY_CODE, asking.PIVOT]), REGION, YEAR,
            *(OpenApiParameter(name, str, description=gettext_lazy("只用于 pivot：统计什么、行、第二行、列、数值。")) for name in asking.AXES),
        ], responses=GridSerializer,
    )  # fmt: skip
    def retrieve(self, request: Request, pk: str) -> Response:
        """A table in a region and year, or `pivot` with axes of one's own. Each dimension of its dataset is a filter, too."""
        question = asking.parse(pk, request.query_params.dict(), request.user)
        axes = asking.AXES if question.code == asking.PIVOT else ()
        refuse_unknown(
            request, {"region", "year", "format", *axes, *(each.code for each in question.dataset.dimensions)}
        )
        grid = answer(question)
        told = {
            "code": question.code, "title": question.title, "scope": question.scope, "region": question.region, "year": question.year,
            "as_of": grid.as_of, "heads": grid.heads, "columns": [{"text": text, "wide": wide} for text, wide in grid.columns],
            "measures": grid.measures, "notes": grid.notes,
            "lines": [
                {"heads": [text for text, _url in line.heads], "total": line.total, "cells": line.cells} for line in grid.lines
            ],
        }  # fmt: skip
        return Response(GridSerializer(told, context={"request": request}).data)


class SavedReportSerializer(serializers.ModelSerializer[SavedReport]):
    """A question that is kept: ask for it at `reports/<code>/` with `query` and a region."""

    owner = serializers.CharField(source="owner.name")
    place = PlaceSerializer()
    query = serializers.DictField(child=serializers.CharField())
    shared = serializers.SerializerMethodField()

    class Meta:
        model = SavedReport
        fields = ("id", "name", "code", "query", "owner", "place", "shared")

    def get_shared(self, saved: SavedReport) -> bool:
        return saved.region_id is not None


class SavedReportViewSet(Rows):
    """保存的报表: one's own and those that are shared."""

    needs = Permission.FIGURES_VIEW
    serializer_class = SavedReportSerializer
    queryset = SavedReport.objects.none()

    def with_facts(self, found: QuerySet[SavedReport]) -> QuerySet[SavedReport]:
        return found.select_related("owner", "place", "region")


class ReportFileSerializer(serializers.ModelSerializer[ReportFile]):
    """A file that was made by the calendar or because its table is long."""

    state = Code(source="job.state")
    place = PlaceSerializer()
    expired = serializers.SerializerMethodField()

    class Meta:
        model = ReportFile
        fields = ("id", "name", "code", "place", "output", "state", "size", "created_at", "made_at", "expired")

    def get_expired(self, made: ReportFile) -> bool:
        return made.made_at is not None and not made.file


class ReportFileViewSet(Rows):
    """报表文件: one's own."""

    needs = Permission.FIGURES_VIEW
    serializer_class = ReportFileSerializer
    queryset = ReportFile.objects.none()

    def with_facts(self, found: QuerySet[ReportFile]) -> QuerySet[ReportFile]:
        return found.select_related("job", "place")
