"""安排帮扶责任人 for several households at once: the form that finds the cadre, and the loop over the verb."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.roles import Permission
from accounts.scoping import posted_regions
from cadres.models import Cadre
from common.forms import DateInput
from households.models import Household, Pairing
from households.services import LedgerError, pair
from regions.models import Level

MOST_NAMESAKES = 20


def cadres_for(user: Any) -> Any:
    """Cadres of the units of the counties in which this user may arrange helpers: county units help villages, too."""
    area = Q()
    for region in posted_regions(user, Permission.PAIRING_EDIT):
        county = region.ancestor_ids[: Level.COUNTY]
        area |= Q(unit__region__path__startswith="".join(f"{pk}/" for pk in county))
    return Cadre.objects.filter(area).select_related("unit") if area else Cadre.objects.none()


class BulkPairingForm(forms.Form):
    """The helper by name; of several people of that name, the one ticked."""

    MOST = 200  # households at a time

    name = forms.CharField(label=gettext_lazy("帮扶责任人姓名"), max_length=60)
    cadre = forms.ChoiceField(label=gettext_lazy("是哪一位"), required=False, widget=forms.RadioSelect)
    starts_on = forms.DateField(label=gettext_lazy("结对开始日期"), widget=DateInput(), initial=timezone.localdate)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.found: list[Cadre] = []
        if self.is_bound:
            name = "".join(self.data.get("name", "").split())
            self.found = (
                list(cadres_for(user).filter(name=name).order_by("unit__name", "pk")[:MOST_NAMESAKES]) if name else []
            )
        if len(self.found) > 1:
            self.fields["cadre"].choices = [
                (str(c.pk), " · ".join(filter(None, [c.name, c.unit.name, c.title, c.phone_masked])))
                for c in self.found
            ]
        else:
            del self.fields["cadre"]

    def clean_name(self) -> str:
        if not self.found:
            raise forms.ValidationError(_("本县没有叫这个名字的干部，请核对姓名；新来的干部请先让管理员登记。"))
        return self.cleaned_data["name"]

    def clean_starts_on(self) -> dt.date:
        day = self.cleaned_data["starts_on"]
        if day > timezone.localdate():
            raise forms.ValidationError(_("日期在今天之后，请核对。"))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if len(self.found) > 1:
            data["cadre"] = next((c for c in self.found if str(c.pk) == data.get("cadre")), None)
            if data["cadre"] is None and "cadre" not in self.errors:
                self.add_error("cadre", _("有 %(count)s 位干部叫这个名字，请选一位。") % {"count": len(self.found)})
        elif self.found:
            data["cadre"] = self.found[0]
        return data


def leads_of(household_ids: Iterable[int]) -> set[int]:
    """Which of these households (of a selection, so through the gate) have a lead helper today."""
    return set(
        Pairing.objects.current().filter(household__in=household_ids, is_lead=True).values_list("household", flat=True)
    )


@dataclass
class Done:
    """What came of it: households paired, and `{sentence: households}` of those that were not."""

    paired: int = 0
    refused: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        text = ngettext("已为 %(count)s 户安排帮扶责任人。", "已为 %(count)s 户安排帮扶责任人。", self.paired) % {
            "count": self.paired
        }
        for reason, names in self.refused.items():
            left = ngettext(
                "%(names)s等 %(count)s 户没有安排：%(reason)s",
                "%(names)s等 %(count)s 户没有安排：%(reason)s",
                len(names),
            ) % {"names": "、".join(names[:3]), "count": len(names), "reason": reason}
            text = _("%(sentence)s%(next)s") % {"sentence": text, "next": left}
        return text


def pair_many(*, households: Sequence[Household], cadre: Cadre, starts_on: dt.date, by: Any) -> Done:
    """Each household is a change of its own: one that already has a lead helper is left as it is and named in the answer."""
    done = Done()
    for household in households:
        try:
            pair(household=household, cadre=cadre, starts_on=starts_on, by=by)
        except LedgerError as error:
            done.refused.setdefault(str(error), []).append(str(household))
        else:
            done.paired += 1
    return done
