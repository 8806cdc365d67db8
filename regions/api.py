"""The tree for programs: read only, the user's own area, no personal data."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.viewsets import ReadOnlyModelViewSet

from regions.models import Region
from regions.picker import area_of, find


class RegionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Region
        fields = ("id", "code", "name", "full_name", "level", "parent", "valid_from", "valid_to")


class RegionFilter(django_filters.FilterSet):
    """`q` searches as the picker does; `parent` gives one level; `closed=true` adds what is no longer in force."""

    q = django_filters.CharFilter(method="search")
    closed = django_filters.BooleanFilter(method="with_closed")

    class Meta:
        model = Region
        fields: tuple[str, ...] = ("parent", "level", "code")

    def filter_queryset(self, queryset: QuerySet[Region]) -> QuerySet[Region]:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data.get("closed") else queryset.filter(valid_to=None)

    def search(self, queryset: QuerySet[Region], name: str, value: str) -> QuerySet[Region]:
        return queryset.filter(find(value))

    def with_closed(self, queryset: QuerySet[Region], name: str, value: bool) -> QuerySet[Region]:
        return queryset


class RegionViewSet(ReadOnlyModelViewSet):
    serializer_class = RegionSerializer
    filterset_class = RegionFilter
    queryset = Region.objects.none()

    def get_queryset(self) -> QuerySet[Region]:
        area = area_of(self.request.user, "")
        return Region.objects.none() if area is None else Region.objects.filter(area)
