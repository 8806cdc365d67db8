"""Exports and imports for programs: formats, files asked for and fetched. Numbers are masked: whole ones are for people with a reason."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from common import pages
from common.answering import sent_file
from common.rest import Code, Rows
from exchange.models import ImportBatch
from exchange.outgoing import kinds, services
from exchange.outgoing.models import ExportMapping, ExportRun
from exchange.outgoing.presets import preset


class ExportFormatSerializer(serializers.ModelSerializer[ExportMapping]):
    """A format: its headings in order. Ask for a file with its `id`."""

    row_kind = Code()
    headings = serializers.SerializerMethodField()

    class Meta:
        model = ExportMapping
        fields = ("id", "name", "row_kind", "headings", "version")

    def get_headings(self, mapping: ExportMapping) -> list[str]:
        return [column["heading"] for column in mapping.columns]


class ExportFormatViewSet(Rows):
    """导出格式: one's own and those of the county."""

    needs = Permission.HOUSEHOLD_EXPORT
    serializer_class = ExportFormatSerializer
    queryset = ExportMapping.objects.none()
    order = "name"


class ExportSerializer(serializers.ModelSerializer[ExportRun]):
    """A file that was asked for: how far it is, and what came out."""

    state = Code(source="job.state")
    done = serializers.IntegerField(source="job.done")
    total = serializers.IntegerField(source="job.total")
    error = serializers.CharField(source="job.error", allow_blank=True)
    row_kind = Code()

    class Meta:
        model = ExportRun
        fields = (
            "id", "name", "row_kind", "year", "output", "only_changed", "state", "done", "total", "error", "size", "rows_found", "rows_written",
            "rows_same", "rows_left", "households", "people", "created_at", "made_at",
        )  # fmt: skip


class AskExport(serializers.Serializer[Any]):
    """What is asked for. `filters` are those of `households/`, where rows are villages `region` alone; `format` is the id of a format, or the code of a ready-made one."""

    format = serializers.CharField(max_length=40, help_text=gettext_lazy("导出格式的 id，或现成格式的代码。"))
    year = serializers.IntegerField(min_value=2000, max_value=2100)
    output = serializers.ChoiceField(ExportRun.Output.choices, default=ExportRun.Output.XLSX)
    only_changed = serializers.BooleanField(default=False)
    filters = serializers.DictField(child=serializers.CharField(max_length=200, allow_blank=True), default=dict)


class ExportViewSet(Rows):
    """导出: one's own requests. A file is made by a worker; `GET` says when it is done, `POST <id>/file/` fetches it and is on record."""

    needs = Permission.HOUSEHOLD_EXPORT
    serializer_class = ExportSerializer
    queryset = ExportRun.objects.none()

    def with_facts(self, found: QuerySet[ExportRun]) -> QuerySet[ExportRun]:
        return found.select_related("job")

    @extend_schema(request=AskExport, responses={201: ExportSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a file; the same request while one is open is that one."""
        asked = AskExport(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        mapping = self._format(data["format"])
        export = services.request_export(
            by=request.user, mapping=mapping, year=data["year"], query=self._query(mapping.row_kind, data["filters"]),
            output=data["output"], only_changed=data["only_changed"],
        )  # fmt: skip
        return Response(ExportSerializer(export).data, status=201)

    def _format(self, code: str) -> Any:
        if (ready := preset(code)) is not None:
            return ready
        saved = ExportMapping.objects.for_user(self.request.user)
        found = saved.filter(pk=int(code)).first() if code.isdecimal() and len(code) < 19 else None
        if found is None:
            raise ValidationError({"format": [_("没有这个导出格式，请先看 export-formats 列出的。")]})
        return found

    def _query(self, row_kind: str, filters: dict[str, str]) -> dict[str, str]:
        """The filters as the address of the page would have them."""
        kind = kinds.of(row_kind)
        if said := kind.strange(filters):
            raise ValidationError({"filters": [said]})
        filterset = kind.bound(filters, self.request.user)
        if not filterset.is_valid():
            raise ValidationError({"filters": [sentence for found in filterset.errors.values() for sentence in found]})
        return pages.query_of(filterset)

    @extend_schema(request=None, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["post"])
    def file(self, request: Request, pk: str) -> Any:
        """The finished file."""
        export = self.get_object()
        return sent_file(export.file_name, export.media_type, services.fetch_export(export=export, by=request.user))


class ImportSerializer(serializers.ModelSerializer[ImportBatch]):
    """An uploaded spreadsheet and what became of it."""

    owner = serializers.CharField(source="owner.name")
    state = Code()

    class Meta:
        model = ImportBatch
        fields = ("id", "filename", "owner", "state", "lines_read", "uploaded_at", "applied_at", "error")


class ImportViewSet(Rows):
    """导入: one's own, and those of the area in which one may import."""

    needs = Permission.HOUSEHOLD_IMPORT
    serializer_class = ImportSerializer
    queryset = ImportBatch.objects.none()

    def with_facts(self, found: QuerySet[ImportBatch]) -> QuerySet[ImportBatch]:
        return found.select_related("owner").defer("tables", "notes")
