"""The filter of the list of accounts, for its page and for programs."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Posting, User
from accounts.roles import Role
from common.pii import lookup_hash

ROLES = [role for role in Role if role != Role.HELPER]  # helpers are made by pairing


class AccountFilter(django_filters.FilterSet):
    """By name, user name, place or a whole phone number; by role in force; by whether it may be used. `queryset` comes through the gate."""

    q = django_filters.CharFilter(label=_("姓名、用户名、手机号、地名"), method="search", max_length=60)
    role = django_filters.ChoiceFilter(label=_("角色"), choices=[(r.value, r.label) for r in ROLES], method="of_role")
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=[("on", _("启用")), ("off", _("停用"))], method="in_state"
    )

    class Meta:
        model = User
        fields: tuple[str, ...] = ()

    def search(self, queryset: Any, name: str, value: str) -> Any:
        found = Q(name__contains=value) | Q(username__icontains=value) | Q(home__full_name__contains=value)
        if value.isdigit() and len(value) > 6:
            found |= Q(phone_hash=lookup_hash("phone", value))
        return queryset.filter(found)

    def of_role(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(pk__in=Posting.objects.current().filter(role=value).values("user_id"))

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(is_active=value == "on")
