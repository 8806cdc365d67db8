"""Who the API takes a program for."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import TokenAuthentication
from accounts.filters import AccountFilter
from accounts.models import ApiToken, Posting, User
from accounts.postings import MANAGE, accounts_for
from accounts.roles import PERMISSION_TITLES, Permission, Role
from common.rest import Code, Guarded, PlaceSerializer, Rows


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


# -- accounts of others -----------------------------------------------------------------------------------------------------------


class AccountSerializer(serializers.ModelSerializer[User]):
    """An account of the own area as its list shows it: no password, no token, no key of a second step."""

    phone = serializers.CharField(source="phone_masked", allow_blank=True)
    home = PlaceSerializer(allow_null=True)
    postings = PostingSerializer(source="shown_postings", many=True)
    first_password = serializers.BooleanField(source="must_change_password")

    class Meta:
        model = User
        fields = ("id", "username", "name", "phone", "home", "postings", "is_active", "first_password", "last_login")


class AccountViewSet(Rows):
    """账号管理: the accounts one looks after, by user name."""

    needs = MANAGE
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    queryset = User.objects.none()
    order = "username"

    def get_queryset(self) -> QuerySet[User]:
        return accounts_for(self.request.user)

    def with_facts(self, found: QuerySet[User]) -> QuerySet[User]:
        current = Prefetch("postings", Posting.objects.current().select_related("region"), to_attr="shown_postings")
        return found.select_related("home").prefetch_related(current)
