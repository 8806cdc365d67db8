"""The print centre for programs: what was asked for, how far it is, the papers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from common.answering import sent_file
from common.rest import Code, PlaceSerializer, Rows
from regions.models import Region
from reports import kinds, services
from reports.models import PrintRun


class PrintSerializer(serializers.ModelSerializer[PrintRun]):
    """A run of the print centre. `standing` is the state of its work, or pausing and paused."""

    kind = Code(lambda code: kinds.KINDS[code].title if code in kinds.KINDS else code)
    region = PlaceSerializer(allow_null=True)
    standing = serializers.CharField()
    done = serializers.IntegerField(source="job.done")
    error = serializers.CharField(source="job.error", allow_blank=True)

    class Meta:
        model = PrintRun
        fields = (
            "id",
            "kind",
            "sheet",
            "title",
            "region",
            "year",
            "output",
            "total",
            "done",
            "standing",
            "error",
            "size",
            "created_at",
        )


class AskPrint(serializers.Serializer[Any]):
    """What is to be printed: a kind of paper for a region. Numbers are masked."""

    kind = serializers.CharField(max_length=24)
    region = serializers.IntegerField(min_value=1, max_value=10**18)
    year = serializers.IntegerField(min_value=2000, max_value=2100, required=False, allow_null=True)
    sheet = serializers.CharField(max_length=4, required=False, default="")
    output = serializers.ChoiceField(PrintRun.Output.choices, default=PrintRun.Output.VILLAGES)


class PrintViewSet(Rows):
    """打印: one's own runs. Papers are made by workers; `GET` says when they are done, `POST <id>/file/` fetches them and is on record."""

    needs = Permission.LEDGER_PRINT
    serializer_class = PrintSerializer
    queryset = PrintRun.objects.none()

    def with_facts(self, found: QuerySet[PrintRun]) -> QuerySet[PrintRun]:
        return found.select_related("job", "region")

    @extend_schema(request=AskPrint, responses={201: PrintSerializer})
    def create(self, request: Request) -> Response:
        """Ask for papers of a region."""
        asked = AskPrint(data=request.data)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        kind = kinds.KINDS.get(data["kind"])
        if kind is None:
            raise ValidationError(
                {"kind": [_("没有这种材料。可用的：%(known)s。") % {"known": "、".join(kinds.KINDS)}]}
            )
        if data["region"] not in visible_region_ids(request.user, kind.permission):
            raise ValidationError({"region": [_("这个地区不存在，或者不在您的管理范围内。请重新选择地区。")]})
        run = services.print_papers(
            by=request.user, kind=kind.code, region=Region.objects.get(pk=data["region"]), year=data.get("year"), sheet=data["sheet"],
            output=data["output"],
        )  # fmt: skip
        return Response(PrintSerializer(run).data, status=201)

    @extend_schema(request=None, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["post"])
    def file(self, request: Request, pk: str) -> Any:
        """The result of a finished run."""
        return sent_file(*services.fetch_run(run=self.get_object(), by=request.user))
