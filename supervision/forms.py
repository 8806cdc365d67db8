"""Forms of orders, appraisal rounds and schemes; their rules are the verbs'."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import posted_regions
from catalogue.models import MeasureKind
from common.forms import CountInput, DateInput
from regions.models import Level, Region
from supervision import items
from supervision.models import AppraisalScheme, Order
from surveys.models import SurveyRound
from visits.models import VisitRule

MOST_VILLAGES = 600  # of a county on one page


class Asked(forms.Field):
    """A field that is drawn as needed and left to the verb, which knows whether it is, and asks first whether one may."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class AskedText(Asked, forms.CharField):
    pass


class AskedChoices(Asked, forms.TypedMultipleChoiceField):
    pass


class TextForm(forms.Form):
    """A sentence or some: a comment, an answer, a reason."""

    text = AskedText(label=_("内容"), max_length=600, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, label: Any = "", most: int = 600, needed: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["text"]
        field.label, field.required = label or field.label, needed
        field.max_length = most
        field.widget.attrs["maxlength"] = str(most)

    @property
    def said(self) -> str:
        return str(self.cleaned_data["text"])

    def absorb(self, error: ValidationError) -> None:
        """A verb's refusal at the only field, whatever the verb calls it."""
        for sentence in error.messages:
            self.add_error("text", sentence)


class ReceiveForm(forms.Form):
    region = forms.IntegerField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(label=_("通知了谁、怎样通知的"), max_length=200, required=False)


class AmendForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(label=_("标题"), max_length=100)
    text = forms.CharField(label=_("内容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 6}))
    due_on = forms.DateField(label=_("完成期限"), widget=DateInput())


class IssueForm(forms.Form):
    """A new order. Which villages: whole townships, or villages one by one."""

    region = forms.TypedChoiceField(label=_("下达单位"), coerce=int)
    title = forms.CharField(label=_("标题"), max_length=100)
    text = forms.CharField(
        label=_("内容"), max_length=2000, widget=forms.Textarea(attrs={"rows": 6}), help_text=_("写明要做什么、怎样算做到。")
    )  # fmt: skip
    issued_on = forms.DateField(label=_("下达日期"), widget=DateInput())
    due_on = forms.DateField(label=_("完成期限"), widget=DateInput())
    kind = forms.ChoiceField(label=_("怎样算落实"), choices=Order.Kind.choices, widget=forms.RadioSelect)
    survey_round = forms.TypedChoiceField(
        label=_("调查任务"), coerce=int, required=False, empty_value=None, help_text=_("按入户调查统计时选。")
    )
    visit_rule = forms.TypedChoiceField(
        label=_("走访要求"), coerce=int, required=False, empty_value=None, help_text=_("按走访统计时选。")
    )
    measure_kind = forms.TypedChoiceField(
        label=_("帮扶措施"), coerce=int, required=False, empty_value=None, help_text=_("按帮扶措施统计时选。")
    )
    audience = forms.ChoiceField(
        label=_("对象"), choices=Order.Audience.choices, help_text=_("按调查任务或走访要求统计的，以它们的对象为准。")
    )  # fmt: skip
    townships = AskedChoices(label=_("下达到的乡镇（全部村）"), coerce=int, widget=forms.CheckboxSelectMultiple)
    villages = AskedChoices(label=_("下达到的村"), coerce=int, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        self.issuers = {r.pk: r for r in posted_regions(user, Permission.ORDER_ISSUE) if r.level in (Level.COUNTY, Level.TOWNSHIP)}  # fmt: skip
        below = [row for top in self.issuers.values() for row in Region.objects.current().within(top).order_by("code")]
        self.places = {row.pk: row for row in below}
        fields["region"].choices = [(pk, r.full_name or r.name) for pk, r in self.issuers.items()]
        towns = [r for r in self.places.values() if r.level == Level.TOWNSHIP and r.pk not in self.issuers]
        fields["townships"].choices = [(r.pk, r.name) for r in towns]
        if towns:  # a county chooses townships; the villages of one are chosen by hand where only some are meant
            names = {r.pk: r.name for r in towns}
            fields["villages"].choices = [
                (r.pk, f"{names.get(r.parent_id or 0, '')}{r.name}") for r in self._villages()[:MOST_VILLAGES]
            ]
        else:
            fields["villages"].choices = [(r.pk, r.name) for r in self._villages()]
            del fields["townships"]
        if len(self.issuers) == 1:
            fields["region"].widget = forms.HiddenInput()
            fields["region"].initial = next(iter(self.issuers))
        areas = {pk for top in self.issuers.values() for pk in top.ancestor_ids} | set(self.places)
        rounds = SurveyRound.objects.filter(closed_at=None, region__in=areas).order_by("-year", "due_on", "pk")
        self.links: dict[str, dict[int, Any]] = {
            "survey_round": {r.pk: r for r in rounds.select_related("region")},
            "visit_rule": {
                r.pk: r
                for r in VisitRule.objects.for_user(user).filter(ends_on=None).select_related("region").order_by("pk")
            },
            "measure_kind": {k.pk: k for k in MeasureKind.objects.order_by("column", "code")},
        }
        for name, rows in self.links.items():
            fields[name].choices = [("", _("不选")), *((pk, self._said(row)) for pk, row in rows.items())]
        today = timezone.localdate()
        fields["issued_on"].initial = today
        fields["kind"].initial = Order.Kind.MANUAL
        fields["audience"].initial = Order.Audience.REGISTERED

    def _villages(self) -> list[Region]:
        return [r for r in self.places.values() if r.level == Level.VILLAGE]

    @staticmethod
    def _said(row: Any) -> str:
        if isinstance(row, VisitRule):
            return f"{row.get_capacity_display()} {row.get_period_display()}{row.least} · {row.get_manner_display()}"
        return str(row.title)

    def chosen(self) -> list[Region]:
        """The villages: those of the chosen townships and those chosen one by one; all of them where nothing is chosen."""
        data = self.cleaned_data
        towns, single = set(data.get("townships", ())), set(data["villages"])
        return [r for r in self._villages() if r.parent_id in towns or r.pk in single]

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        found = {name: data[name] for name in ("title", "text", "due_on", "kind")}
        found["audience"] = data["audience"]
        return found | {name: rows.get(data[name]) for name, rows in self.links.items()}


class ActForm(forms.Form):
    """What was done, for which of a village's households."""

    on = forms.DateField(label=_("办理日期"), widget=DateInput())
    text = AskedText(label=_("办了什么"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    whole = forms.BooleanField(label=_("全村都办了（没有登记过的农户）"), required=False)
    households = AskedChoices(label=_("办了哪些户"), coerce=int, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, households: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        self.rows = {h.pk: h for h in households}
        fields["households"].choices = [(h.pk, f"{h} {h.hamlet}".strip()) for h in households]
        fields["on"].initial = timezone.localdate()

    def chosen(self) -> list[Any] | None:
        if self.cleaned_data["whole"]:
            return None
        return [self.rows[pk] for pk in self.cleaned_data["households"]]


class RoundForm(forms.Form):
    """Which period of which region is appraised; both days included."""

    region = forms.TypedChoiceField(label=_("范围"), coerce=int)
    starts_on = forms.DateField(label=_("从"), widget=DateInput())
    last_day = forms.DateField(label=_("到（含当日）"), widget=DateInput())

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        tops = [r for r in posted_regions(user, Permission.APPRAISAL_EDIT) if r.level in (Level.COUNTY, Level.TOWNSHIP)]
        below = [r for top in tops if top.level == Level.COUNTY for r in Region.objects.current().filter(parent=top).order_by("code")]  # fmt: skip
        self.places = {r.pk: r for r in [*tops, *below]}
        fields["region"].choices = [(pk, r.full_name or r.name) for pk, r in self.places.items()]


class SchemeForm(forms.Form):
    """A scheme with a weight for every item there is."""

    name = forms.CharField(label=_("名称"), max_length=80)
    reply_days = forms.IntegerField(
        label=_("申辩期限（天）"), min_value=1, max_value=60, widget=CountInput(unit=_("天")), initial=7,
        help_text=_("送阅以后，本人在这些天里提意见；到期没有意见才能审定。"),
    )  # fmt: skip

    def __init__(self, *args: Any, scheme: AppraisalScheme | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for item in items.every():
            self.fields[f"w_{item.code}"] = forms.IntegerField(
                label=item.title, help_text=item.meaning, min_value=0, max_value=100, required=False, widget=CountInput(unit="%"),
                initial=scheme.weights.get(item.code, 0) if scheme else None,
                error_messages={"invalid": _("请写成整数，例如 20。")},
            )  # fmt: skip
        if scheme is not None:
            self.fields["name"].initial, self.fields["reply_days"].initial = scheme.name, scheme.reply_days

    def weights(self) -> dict[str, int]:
        return {item.code: self.cleaned_data[f"w_{item.code}"] or 0 for item in items.every()}
