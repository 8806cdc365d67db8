"""The forms of the catalogue: a kind of help, the rows of its condition, the rows of its own fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue import conditions
from catalogue.codelists import COLUMN, Period, Whose
from catalogue.conditions import ANY, Condition, ConditionError, Conditions
from catalogue.eligibility import HOUSEHOLD_NAMES, MEMBER_NAMES
from catalogue.models import MeasureKind, ReliefCategory
from catalogue.services import MOST_FIELDS
from catalogue.spoken import label
from common.forms import DateInput, MoneyField
from households import codelists
from households.ledger import CHECK_TITLES

TYPES = {
    "text": gettext_lazy("文字"), "note": gettext_lazy("长文字"), "integer": gettext_lazy("整数"), "decimal": gettext_lazy("数"),
    "money": gettext_lazy("金额"), "date": gettext_lazy("日期"), "yesno": gettext_lazy("是或否"), "choice": gettext_lazy("单选"),
}  # fmt: skip
EVERYBODY, ROWS, KEEP = "everybody", "rows", "keep"


class KindForm(forms.Form):
    """A kind; `code` is asked once, when it is added."""

    code = forms.SlugField(
        label=gettext_lazy("代码"),
        max_length=40,
        help_text=gettext_lazy("字母、数字和 -，以后不能改，例如 bee-grant。"),
    )
    title = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    column = forms.ChoiceField(label=gettext_lazy("措施类别"), choices=COLUMN.choices)
    category = forms.ModelChoiceField(
        label=gettext_lazy("救助类别"), queryset=ReliefCategory.objects.none(), required=False, empty_label=gettext_lazy("不属于救助")
    )  # fmt: skip
    department = forms.CharField(label=gettext_lazy("主管部门"), max_length=40)
    whose = forms.ChoiceField(label=gettext_lazy("受益对象"), choices=Whose.choices)
    unit = forms.CharField(
        label=gettext_lazy("计量单位"), max_length=12, required=False, help_text=gettext_lazy("例如 亩、头、人次。")
    )
    period = forms.ChoiceField(label=gettext_lazy("发放周期"), choices=Period.choices)
    has_money = forms.BooleanField(label=gettext_lazy("发放资金"), required=False)
    ceiling = MoneyField(label=gettext_lazy("每期上限"), required=False)
    entitles = forms.BooleanField(label=gettext_lazy("应享尽享：符合条件的都应得到"), required=False)
    causes = forms.MultipleChoiceField(
        label=gettext_lazy("针对的致贫原因"), choices=codelists.CAUSE.choices, required=False, widget=forms.CheckboxSelectMultiple
    )  # fmt: skip
    checks = forms.MultipleChoiceField(
        label=gettext_lazy("针对的保障"), choices=list(CHECK_TITLES.items()), required=False, widget=forms.CheckboxSelectMultiple
    )  # fmt: skip
    valid_from = forms.DateField(label=gettext_lazy("启用日期"), widget=DateInput())
    valid_to = forms.DateField(
        label=gettext_lazy("停用日期"), widget=DateInput(), required=False, help_text=gettext_lazy("从这一天起不再享受。")
    )  # fmt: skip
    condition = forms.ChoiceField(label=gettext_lazy("享受条件"), widget=forms.RadioSelect)
    joined = forms.ChoiceField(
        label=gettext_lazy("条件有几条时"),
        choices=[("and", gettext_lazy("都要符合")), ("or", gettext_lazy("符合一条就行"))],
        widget=forms.RadioSelect,
        initial="and",
    )
    eligible_say = forms.CharField(
        label=gettext_lazy("条件的说法"), max_length=200, required=False, help_text=gettext_lazy("给农户看的一句话；不填就按条件写出来。")
    )  # fmt: skip
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, kind: MeasureKind | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = ReliefCategory.objects.filter(is_active=True)
        if kind is not None:
            del self.fields["code"]
            active |= ReliefCategory.objects.filter(pk=kind.category_id)
        self.fields["category"].queryset = active.order_by("place", "pk")  # type: ignore[attr-defined]
        choices = [(EVERYBODY, _("没有限定，都可以享受")), (ROWS, _("按下面的条件"))]
        if kind is not None and conditions.of_rule(kind.eligible, kind.whose) is None:
            choices.append((KEEP, _("保持现在的条件（比下面能写的复杂）")))
        self.fields["condition"].choices = choices  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(kind: MeasureKind) -> dict[str, Any]:
        names = ("title", "column", "category", "department", "whose", "unit", "period", "has_money", "ceiling", "entitles", "causes", "checks",
                 "valid_from", "valid_to", "eligible_say", "version")  # fmt: skip
        told = conditions.of_rule(kind.eligible, kind.whose)
        return {name: getattr(kind, name) for name in names} | {
            "condition": EVERYBODY if kind.eligible is None else KEEP if told is None else ROWS,
            "joined": told.joined if told else "and",
        }


class ConditionForm(forms.Form):
    """One row: a fact, how it is compared, with what. A row without a fact is no row."""

    fact = forms.ChoiceField(required=False, widget=forms.Select(attrs={"aria-label": gettext_lazy("情况")}))
    operator = forms.ChoiceField(required=False, widget=forms.Select(attrs={"aria-label": gettext_lazy("怎样比较")}))
    text = forms.CharField(
        required=False, max_length=300, widget=forms.TextInput(attrs={"aria-label": gettext_lazy("和什么比较"), "autocomplete": "off"})
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of_members = [(name, _("成员：%(fact)s") % {"fact": label(name)}) for name in MEMBER_NAMES]
        own = [(name, _("全户：%(fact)s") % {"fact": label(name)}) for name in HOUSEHOLD_NAMES if name != "members"]
        self.fields["fact"].choices = [("", "—"), *of_members, *own]  # type: ignore[attr-defined]
        self.fields["operator"].choices = list(conditions.OPERATORS.items())  # type: ignore[attr-defined]

    def row(self, whose: str) -> Condition | None:
        """The condition; None for an empty row, and with an error in the form where it is none."""
        data = self.cleaned_data
        if not data.get("fact"):
            if data.get("text"):
                self.add_error("fact", _("请选一项情况，或删去后面的值。"))
            return None
        fact = data["fact"]
        if whose == Whose.HOUSEHOLD and fact in MEMBER_NAMES:
            fact = f"{ANY}{fact}"
        try:
            return conditions.read(fact, data["operator"], data["text"], whose)
        except ConditionError as error:
            self.add_error("text", str(error))
            return None

    @staticmethod
    def initial_of(row: Condition) -> dict[str, Any]:
        return {
            "fact": row.fact.removeprefix(ANY), "operator": row.operator, "text": conditions.written(row),
        }  # fmt: skip


class FieldForm(forms.Form):
    """One of a kind's own fields. A row without a label is none; `id` is given once and stays."""

    id = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    label = forms.CharField(
        required=False, max_length=200, widget=forms.TextInput(attrs={"aria-label": gettext_lazy("填什么")})
    )
    type = forms.ChoiceField(
        required=False, choices=list(TYPES.items()), widget=forms.Select(attrs={"aria-label": gettext_lazy("填法")})
    )
    unit = forms.CharField(
        required=False, max_length=10, widget=forms.TextInput(attrs={"aria-label": gettext_lazy("单位")})
    )
    choices = forms.CharField(
        required=False, max_length=1000, widget=forms.TextInput(attrs={"aria-label": gettext_lazy("选项")})
    )

    @staticmethod
    def initial_of(field: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": field["id"], "label": field["label"], "type": field["type"], "unit": field.get("unit", ""),
            "choices": "、".join(text for _code, text in field.get("choices", ())),
        }  # fmt: skip


ConditionSet = forms.formset_factory(ConditionForm, extra=3, max_num=conditions.MOST, absolute_max=conditions.MOST)
FieldSet = forms.formset_factory(FieldForm, extra=3, max_num=MOST_FIELDS, absolute_max=MOST_FIELDS)


def rule_of(form: KindForm, rows: Any, kind: MeasureKind | None) -> Any:
    """The rule that a form and its rows say. ValidationError where they say none; a rule that says the same stays as it is written."""
    data = form.cleaned_data
    if data["condition"] == EVERYBODY:
        return None
    if data["condition"] == KEEP and kind is not None:
        return kind.eligible
    found = [row for each in rows.forms if (row := each.row(data["whose"])) is not None]
    if any(each.errors for each in rows.forms):
        raise ValidationError(_("享受条件有没写对的地方，请看每一行下面的说明。"))
    if not found:
        raise ValidationError(_("请至少写一行享受条件，或选“没有限定”。"))
    told = Conditions(tuple(found), data["joined"])
    if kind is not None and conditions.of_rule(kind.eligible, data["whose"]) == told:
        return kind.eligible
    return told.rule


def fields_of(rows: Any, before: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The fields that rows say. What a row does not ask about a field that was there (limits, hints) stays; codes of choices stay with
    their words."""
    known = {each["id"]: each for each in before}
    taken = set(known)
    found: list[dict[str, Any]] = []
    for each in rows.forms:
        data = each.cleaned_data
        if not data.get("label"):
            continue
        old = known.get(data["id"], {})
        field = dict(old) if old.get("type") == data["type"] else {}
        field |= {"id": old.get("id") or _new_id(taken), "type": data["type"], "label": data["label"]}
        field.pop("unit", None)
        if data["unit"]:
            field["unit"] = data["unit"]
        if data["type"] == "choice":
            field["choices"] = _choices(data["choices"], old.get("choices", ()))
        taken.add(field["id"])
        found.append(field)
    return found


def _new_id(taken: set[str]) -> str:
    return next(name for number in range(1, 1000) if (name := f"f{number}") not in taken)


def _choices(text: str, before: Sequence[Sequence[str]]) -> list[list[str]]:
    codes = {label: code for code, label in before}
    taken = set(codes.values())
    found: list[list[str]] = []
    for name in filter(None, (part.strip() for part in text.replace("，", "、").replace(",", "、").split("、"))):
        code = codes.get(name) or next(c for number in range(1, 1000) if (c := f"c{number}") not in taken)
        taken.add(code)
        found.append([code, name])
    return found


class RetireForm(forms.Form):
    on = forms.DateField(
        label=gettext_lazy("停用日期"), widget=DateInput(), help_text=gettext_lazy("从这一天起不再享受。")
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class CategoryForm(forms.Form):
    """A relief category. `place` orders the list, smallest first; a new one comes last."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=40)
    place = forms.IntegerField(label=gettext_lazy("次序"), min_value=0, max_value=999)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, new: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if new:
            del self.fields["place"]
