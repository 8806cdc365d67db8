"""Who the API takes a program for."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import TokenAuthentication
from accounts.models import ApiToken
from accounts.roles import PERMISSION_TITLES, Permission, Role
from common.rest import Code, Guarded, PlaceSerializer


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class PostingSerializer(serializers.Serializer[Any]):
    role = Code(lambda role: Role(role).label)
    region = PlaceSerializer()


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ("name", "expires_on")


class MeSerializer(serializers.Serializer[Any]):
    """Who asks, and what they may use."""

    username = serializers.CharField()
    name = serializers.CharField()
    postings = PostingSerializer(many=True)
    permissions = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    token = TokenSerializer(allow_null=True)


class MeView(Guarded, APIView):
    """Who the API takes this program for: the account, its postings, and the permissions in force."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="me", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        user: Any = request.user
        held = [{"code": each.value, "text": str(PERMISSION_TITLES[each])} for each in Permission if each in user.held]
        me = {
            "username": user.username,
            "name": user.name,
            "postings": user.postings_now,
            "permissions": held,
            "token": request.auth,
        }
        return Response(MeSerializer(me).data)
