"""What the catalogue can be filtered by in the API; the page offers the same."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.places import choice
from catalogue.codelists import COLUMN
from households import codelists
from households.ledger import CHECK_TITLES


class KindFilter(django_filters.FilterSet):
    """Kinds of help; those that are not in force today only where they are asked for."""

    column = choice(_("措施类别"), COLUMN.choices)
    cause = choice(_("针对的致贫原因"), codelists.CAUSE.choices, method="of_cause")
    check = choice(_("针对的保障"), list(CHECK_TITLES.items()), method="of_check")
    retired = choice(_("停用"), [("1", _("也列出停用的"))], method="as_it_is", empty=_("不列"))

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["retired"] else queryset.in_force(timezone.localdate())

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def of_cause(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(causes__contains=[value])

    def of_check(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(checks__contains=[value])
