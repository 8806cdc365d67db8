"""Forms of measures, deliveries and the household's word. A kind's own fields are drawn from its definition; its rules are the verb's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from assistance.codelists import SOURCE
from assistance.models import Account, Confirmation, Fund
from assistance.services import measures, requests
from assistance.values import PREFIX, form_of
from catalogue.codelists import COLUMN, Period
from catalogue.models import MeasureKind
from common.forms import CountInput, DateInput, MoneyField
from common.money import format_money
from households.models import Household, Member
from surveys.definitions import Field

SHARES = 3  # funds of one delivery on a form
YES_NO = (("", _("不知道")), ("yes", _("是")), ("no", _("否")))


class PhotoInput(forms.ClearableFileInput):
    """A photo of the phone's camera or gallery."""

    template_name = "django/forms/widgets/file.html"

    def __init__(self) -> None:
        super().__init__({"accept": "image/*"})


def quantity_field(kind: MeasureKind) -> forms.DecimalField:
    return forms.DecimalField(
        label=_("数量"), required=False, max_digits=10, decimal_places=2, widget=CountInput(unit=kind.unit, decimal=True),
        error_messages={"invalid": _("请写成数字，例如 12.5。")},
    )  # fmt: skip


def field_for(field: Field) -> forms.Field:
    """The control of one field of a kind."""
    common: dict[str, Any] = {"label": field.label, "required": field.required is True, "help_text": field.hint}
    match field.type:
        case "integer" | "decimal":
            whole = field.type == "integer"
            return forms.DecimalField(
                **common, max_digits=15, decimal_places=0 if whole else 6, widget=CountInput(unit=field.unit, decimal=not whole),
                error_messages={"invalid": _("请写成数字，例如 12.5。")},
            )  # fmt: skip
        case "money":
            return MoneyField(**common)
        case "date":
            return forms.DateField(**common, widget=DateInput())
        case "yesno":
            return forms.ChoiceField(**common, choices=YES_NO, widget=forms.RadioSelect)
        case "choice":
            return forms.ChoiceField(**common, choices=[("", _("请选择")), *field.options])
        case "choices":
            return forms.MultipleChoiceField(**common, choices=field.options, widget=forms.CheckboxSelectMultiple)
        case "note":
            return forms.CharField(**common, max_length=field.limit.length, widget=forms.Textarea(attrs={"rows": 2}))
    return forms.CharField(**common, max_length=field.limit.length or 200)


def plain(value: Any) -> Any:
    """A cleaned value in the spelling of answers; None where it is blank."""
    match value:
        case None | "" | []:
            return None
        case "yes" | "no":
            return value == "yes"
        case Decimal():
            return format(value.normalize(), "f")
        case dt.date():
            return value.isoformat()
    return value


class MeasureForm(forms.Form):
    """What is planned: the kind's own fields, quantity, money, remarks."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, kind: MeasureKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = form_of(kind)
        for field in self.asked:
            self.fields[PREFIX + field.id] = field_for(field)
        self.fields["quantity"] = quantity_field(kind)
        if kind.has_money:
            most = measures.most_of(kind)
            hint = _t("一年最多 %(most)s 元。") % {"most": format_money(most)} if most is not None else ""
            self.fields["amount"] = MoneyField(label=_("计划金额"), required=False, help_text=hint)
        self.fields["note"] = forms.CharField(
            label=_("说明"), required=False, max_length=measures.NOTE_LENGTH, widget=forms.Textarea(attrs={"rows": 2})
        )

    @property
    def asked(self) -> list[Field]:
        return [f for f in self.definition.fields if f.is_asked and not f.is_evidence]

    @staticmethod
    def initial_of(measure: Any) -> dict[str, Any]:
        """The facts of a measure as the controls take them."""
        own = {PREFIX + name: _shown(value) for name, value in measure.values.items()}
        return own | {name: getattr(measure, name) for name in ("version", "quantity", "amount", "note")}

    def facts(self) -> dict[str, Any]:
        """For the verbs."""
        data = self.cleaned_data
        values = {f.id: value for f in self.asked if (value := _typed(f, data.get(PREFIX + f.id))) is not None}
        return {"values": values, "quantity": data["quantity"], "amount": data.get("amount"), "note": data["note"]}


def _typed(field: Field, value: Any) -> Any:
    return plain(value) if field.type == "yesno" or not isinstance(value, str) else value or None


def _shown(value: Any) -> Any:
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


# -- deliveries -------------------------------------------------------------------------------------------------------------------


def funds_for(user: Any, households: Iterable[Household], year: int, permission: Permission = Permission.FUND_PAY) -> list[Fund]:  # fmt: skip
    """Open funds of a year and the one before that this user may pay from and that reach these households, with `left` (元 that can be paid)."""
    above = {pk for household in households for pk in household.village.ancestor_ids}
    allotted = Account.objects.filter(fund=OuterRef("pk"), kind=Account.Kind.ALLOTTED).values("balance")[:1]
    rows = Fund.objects.for_user(user, permission).filter(closed_at=None, year__in=(year, year - 1))
    return list(rows.filter(region__in=above).annotate(left=Subquery(allotted)).order_by("-year", "source", "pk"))


def fund_choices(funds: Sequence[Fund]) -> list[tuple[str, str]]:
    return [
        ("", _t("请选择资金")),
        *(
            (
                str(fund.pk),
                _t("%(title)s（%(source)s，可用 %(left)s 元）")
                % {"title": fund.title, "source": SOURCE.label(fund.source), "left": format_money(fund.left or 0)},  # type: ignore[attr-defined]
            )
            for fund in funds
        ),
    ]


def months_of(year: int) -> list[tuple[str, str]]:
    """The months of a year that have begun, newest first."""
    today = timezone.localdate()
    last = 12 if year < today.year else today.month if year == today.year else 0
    return [
        (f"{year}-{month:02d}", _t("%(year)s年%(month)s月") % {"year": year, "month": month})
        for month in range(last, 0, -1)
    ]


class DeliveryForm(forms.Form):
    """One delivery: day, period, quantity, money from up to three funds, a photo."""

    on = forms.DateField(label=_("落实日期"), widget=DateInput())

    def __init__(self, *args: Any, kind: MeasureKind, year: int, funds: Sequence[Fund], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.funds = {str(fund.pk): fund for fund in funds}
        if kind.period == Period.MONTH:
            self.fields["period"] = forms.ChoiceField(label=_("所属月份"), choices=months_of(year))
        self.fields["quantity"] = quantity_field(kind)
        for place in range(1, SHARES + 1) if kind.has_money else ():
            first = place == 1
            self.fields[f"fund_{place}"] = forms.ChoiceField(
                label=_("资金来源") if first else _t("资金来源 %(place)s") % {"place": place}, choices=fund_choices(funds), required=False
            )  # fmt: skip
            hint = _t("每期最多 %(most)s 元。") % {"most": format_money(kind.ceiling)} if first and kind.ceiling else ""
            self.fields[f"amount_{place}"] = MoneyField(
                label=_("金额") if first else _t("金额 %(place)s") % {"place": place}, required=False, help_text=hint
            )
        self.fields["photo"] = forms.FileField(label=_("照片"), required=False, widget=PhotoInput())
        self.fields["note"] = forms.CharField(label=_("说明"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for place in range(1, SHARES + 1):
            fund, amount = data.get(f"fund_{place}"), data.get(f"amount_{place}")
            if amount is not None and not fund:
                self.add_error(f"fund_{place}", _t("填了金额，请选择这笔钱从哪项资金出。"))
            if fund and amount is None and f"amount_{place}" not in self.errors:
                self.add_error(f"amount_{place}", _t("选了资金，请填写金额。"))
        return data

    @property
    def more(self) -> list[Any]:
        """The second and third fund: rarely needed, so folded away."""
        return [self[name] for name in self.fields if name[-2:] in ("_2", "_3")]

    @property
    def more_open(self) -> bool:
        return any(field.value() for field in self.more)

    @property
    def first(self) -> list[Any]:
        return [self[name] for name in self.fields if name[-2:] not in ("_2", "_3") and name not in ("photo", "note")]

    @property
    def last(self) -> list[Any]:
        return [self[name] for name in ("photo", "note")]

    def facts(self) -> dict[str, Any]:
        """For the verb."""
        data = self.cleaned_data
        shares = [
            (self.funds[data[f"fund_{place}"]], data[f"amount_{place}"])
            for place in range(1, SHARES + 1)
            if data.get(f"fund_{place}") and data.get(f"amount_{place}") is not None
        ]
        return {
            "on": data["on"], "period": data.get("period", ""), "quantity": data["quantity"], "shares": shares,
            "photo": data["photo"], "note": data["note"],
        }  # fmt: skip


class BatchForm(forms.Form):
    """What holds for every line of a village's table."""

    on = forms.DateField(label=_("落实日期"), widget=DateInput())

    def __init__(self, *args: Any, kind: MeasureKind, year: int, funds: Sequence[Fund], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.funds = {str(fund.pk): fund for fund in funds}
        if kind.period == Period.MONTH:
            self.fields["period"] = forms.ChoiceField(label=_("所属月份"), choices=months_of(year))
        if kind.has_money:
            self.fields["fund"] = forms.ChoiceField(label=_("资金来源"), choices=fund_choices(funds))
        self.fields["note"] = forms.CharField(label=_("说明"), required=False, max_length=200)


class ReverseForm(forms.Form):
    reason = forms.CharField(
        label=_("冲回的原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}), help_text=_("如：重复发放、发错人、农户没有收到。")
    )  # fmt: skip
    on = forms.DateField(label=_("冲回日期"), widget=DateInput())


class ConfirmForm(forms.Form):
    """What the household says of one delivery."""

    received = forms.ChoiceField(
        label=_("农户收到了吗"), choices=[("yes", _("收到了")), ("no", _("没有收到"))], widget=forms.RadioSelect
    )
    way = forms.ChoiceField(label=_("怎样确认"), choices=Confirmation.Way.choices, widget=forms.RadioSelect)
    satisfied = forms.ChoiceField(label=_("农户满意吗"), choices=YES_NO, required=False, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("农户的话"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("没有收到的，请记下农户的原话。"),
    )  # fmt: skip
    on = forms.DateField(label=_("确认日期"), widget=DateInput())
    signature = forms.FileField(
        label=_("签字"), required=False, widget=PhotoInput(), help_text=_("在上面的框里签，或者拍下签过字的纸。")
    )

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        satisfied = plain(data["satisfied"])
        return {
            "received": data["received"] == "yes", "way": data["way"], "satisfied": satisfied, "note": data["note"], "on": data["on"],
            "signature": data["signature"],
        }  # fmt: skip


class SignedForm(forms.Form):
    """One signed sheet for many."""

    sheet = forms.FileField(label=_("签过字的签收表"), widget=PhotoInput(), help_text=_("拍清楚签名和姓名，一张照片。"))
    on = forms.DateField(label=_("签收日期"), widget=DateInput())


class EffectForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=_("成效"), max_length=measures.EFFECT_LENGTH, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("用了以后怎么样，如：年底分红 1,200 元。"),
    )  # fmt: skip
    on = forms.DateField(label=_("成效日期"), widget=DateInput())


class WithdrawForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(label=_("撤回的原因"), required=False, max_length=measures.NOTE_LENGTH)


# -- requests ---------------------------------------------------------------------------------------------------------------------


class AskForm(forms.Form):
    text = forms.CharField(
        label=_("农户的诉求"), max_length=requests.TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )
    column = forms.ChoiceField(label=_("类别"), choices=[("", _("不分类")), *COLUMN.choices], required=False)
    member = forms.ChoiceField(label=_("提出的人"), required=False)
    due_on = forms.DateField(label=_("答复期限"), required=False, widget=DateInput(), help_text=_("不填就是七天以内。"))

    def __init__(self, *args: Any, members: Sequence[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {str(member.pk): member for member in members}
        self.fields["member"].choices = [("", _t("全家")), *((pk, m.name) for pk, m in self.members.items())]  # type: ignore[attr-defined]

    def facts(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "text": data["text"], "column": data["column"], "due_on": data["due_on"], "member": self.members.get(data["member"]),
        }  # fmt: skip


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("办理结果"), max_length=requests.TEXT_LENGTH, widget=forms.Textarea(attrs={"rows": 3})
    )
    measure = forms.ChoiceField(label=_("办成的措施"), required=False)

    def __init__(self, *args: Any, measures: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.measures = {str(m.pk): m for m in measures}
        names = [(pk, f"{m.kind.title} {m.year}") for pk, m in self.measures.items()]
        self.fields["measure"].choices = [("", _t("没有")), *names]  # type: ignore[attr-defined]


class WordForm(forms.Form):
    satisfied = forms.ChoiceField(
        label=_("农户满意吗"), choices=[("yes", _("满意，办结")), ("no", _("不满意，再办"))], widget=forms.RadioSelect
    )
    note = forms.CharField(label=_("农户的话"), required=False, max_length=requests.TEXT_LENGTH)


class CloseForm(forms.Form):
    note = forms.CharField(label=_("撤销的原因"), max_length=requests.TEXT_LENGTH)
