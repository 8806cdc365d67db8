"""Households and what hangs off them, as every list of the API names them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from households.models import Household, Member


class HouseholdRef(serializers.ModelSerializer[Household]):
    """Whose row it is: the household by number and householder, and its village."""

    householder = serializers.CharField(source="householder_name")
    village = serializers.CharField(source="village.full_name")

    class Meta:
        model = Household
        fields = ("id", "number", "householder", "village", "hamlet")


class MemberRef(serializers.ModelSerializer[Member]):
    class Meta:
        model = Member
        fields = ("id", "name")


class Fact(serializers.Serializer[Any]):
    """A labelled value in words, with its unit; `text` is "" where it is not known."""

    name = serializers.CharField()
    label = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
