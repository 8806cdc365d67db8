"""The tree for programs: read only, the user's own area, no personal data."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from common.rest import Rows
from regions.models import Level, Region
from regions.picker import area_of, find


class RegionSerializer(serializers.ModelSerializer[Region]):
    class Meta:
        model = Region
        fields = ("id", "code", "name", "full_name", "level", "parent", "valid_from", "valid_to")


class RegionFilter(django_filters.FilterSet):
    """`q` searches as the picker does; `parent` gives one level; `closed=true` adds what is no longer in force."""

    q = django_filters.CharFilter(label=_("名称或代码"), method="search")
    parent = django_filters.NumberFilter(label=_("上级地区"), field_name="parent", min_value=1, max_value=10**18)
    level = django_filters.ChoiceFilter(label=_("级别"), choices=Level.choices)
    code = django_filters.CharFilter(label=_("代码"), max_length=20)
    closed = django_filters.BooleanFilter(label=_("也要已停用的"), method="with_closed")

    class Meta:
        model = Region
        fields: tuple[str, ...] = ()

    def filter_queryset(self, queryset: QuerySet[Region]) -> QuerySet[Region]:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data.get("closed") else queryset.filter(valid_to=None)

    def search(self, queryset: QuerySet[Region], name: str, value: str) -> QuerySet[Region]:
        return queryset.filter(find(value))

    def with_closed(self, queryset: QuerySet[Region], name: str, value: bool) -> QuerySet[Region]:
        return queryset


class RegionViewSet(Rows):
    """Regions of one's own area, from the highest posting down."""

    serializer_class = RegionSerializer
    filterset_class = RegionFilter
    queryset = Region.objects.none()
    order = "path"

    def get_queryset(self) -> QuerySet[Region]:
        area = area_of(self.request.user, "")
        return Region.objects.none() if area is None else Region.objects.filter(area)
