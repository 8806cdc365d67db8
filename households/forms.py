"""Forms of the household file: each field asked as its column is, last year's value as the hint, cleaned to the facts a verb takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.codes import CodeList
from common.forms import CountInput, DateInput, IdCardField, MoneyField
from common.text import normalise_text
from households import codelists, values
from households.models import Household, HouseholdYear, Member, MemberYear, Pairing, Photo, Status, StatusChange
from households.models.annual import CHECKS, LAND
from households.models.kinship import Relation
from households.models.status import NEXT

FEW = 4  # a list this short is shown as tiles, a longer one as a menu
UNKNOWN = ("", gettext_lazy("未填"))

# The annual record by topic: one page a topic.
TOPICS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "basics": (gettext_lazy("年度基本情况"), ("population", "category", "exit_year", "surveyor", "surveyed_on")),
    "checks": (gettext_lazy("两不愁三保障和饮水安全"), tuple(f"check_{name}" for name in CHECKS)),
    "causes": (gettext_lazy("致贫原因"), ("main_cause", "other_causes", "cause_note")),
    "dwelling": (
        gettext_lazy("住房与饮水"),
        ("dwelling_area", "dwelling_grade", "dwelling_unsafe", "has_toilet", "water_source", "water_safe", "water_scarce", "fuel", "has_power",
         "has_production_power", "has_broadcast", "road", "road_distance"),
    ),
    "land": (gettext_lazy("土地与产业"), (*LAND, "in_cooperative", "led_by_company", "led_by_leader")),
    "relocation": (
        gettext_lazy("易地搬迁"),
        ("is_relocated", "relocation_wanted", "relocation_way", "resettlement", "relocation_problem"),
    ),
}  # fmt: skip
MEMBER_TOPICS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (gettext_lazy("上学与健康"), ("education", "school", "dropout_reason", "health", "disability_kind", "disability_level")),
    (gettext_lazy("劳动与务工"), ("labour", "work_area", "work_months", "work_place", "employer", "work_channel", "public_post",
                              "public_post_months", "works_abroad")),
    (gettext_lazy("保险与救助"), ("medical_resident", "medical_employee", "medical_serious", "medical_commercial", "pension_resident",
                              "pension_employee", "accident_subsidy", "low_income", "special_support", "serious_illness_aid",
                              "other_health_aid")),
    (gettext_lazy("其他"), ("politics", "in_military", "speaks_mandarin")),
)  # fmt: skip


class ThreeAnswers(forms.RadioSelect):
    template_name = "households/_three.html"


class YesNoField(forms.TypedChoiceField):
    """是, 否, or 未填: three tiles, because not knowing is an answer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            choices=[("1", gettext_lazy("是")), ("0", gettext_lazy("否")), UNKNOWN], coerce=lambda v: v == "1", empty_value=None,
            widget=ThreeAnswers, **kwargs,
        )  # fmt: skip

    def prepare_value(self, value: Any) -> Any:
        return {True: "1", False: "0", None: ""}.get(value, value)


def _choices(codes: CodeList, stored: Iterable[str] = ()) -> list[tuple[str, Any]]:
    """Codes in use today, and those of earlier eras that the row already holds: saving a form must not lose them."""
    today = codes.choices
    known = {code for code, _label in today}
    return [*today, *((code, codes.label(code)) for code in stored if code and code not in known)]


def _text(value: str) -> str:
    return normalise_text(value).strip()


class TextField(forms.CharField):
    """Text with real characters for the private codes of older systems."""

    def clean(self, value: Any) -> Any:
        return _text(super().clean(value))


def field_for(model: type[models.Model], name: str, stored: Any = None) -> forms.Field:
    """The form field of a column: its label, unit, list and bounds."""
    column: Any = model._meta.get_field(name)
    label, unit = values.label(model, name), values.unit(model, name)
    common: dict[str, Any] = {"label": label, "required": False}
    if isinstance(column, ArrayField):
        return forms.MultipleChoiceField(
            choices=_choices(values.CODES[name], stored or ()), widget=forms.CheckboxSelectMultiple, **common
        )
    if name in values.CODES:
        choices = _choices(values.CODES[name], [stored] if stored else ())
        if len(choices) <= FEW:
            return forms.ChoiceField(choices=[*choices, UNKNOWN], widget=forms.RadioSelect, **common)
        return forms.ChoiceField(choices=[UNKNOWN, *choices], **common)
    if isinstance(column, models.BooleanField):
        return YesNoField(**common)
    if isinstance(column, models.DecimalField):
        return forms.DecimalField(
            max_digits=column.max_digits, decimal_places=column.decimal_places, min_value=Decimal(0),
            widget=CountInput(unit=unit, decimal=True), **common,
        )  # fmt: skip
    if isinstance(column, models.IntegerField):
        low = [v.limit_value for v in column.validators if isinstance(v, MinValueValidator)]
        high = [v.limit_value for v in column.validators if isinstance(v, MaxValueValidator)]
        return forms.IntegerField(
            min_value=max(map(int, low), default=0), max_value=min(map(int, high), default=None), widget=CountInput(unit=unit or _unit(name)),
            **common,
        )  # fmt: skip
    if isinstance(column, models.DateField):
        return forms.DateField(widget=DateInput(), **common)
    long = (column.max_length or 0) >= 200
    return TextField(
        max_length=column.max_length, widget=forms.Textarea(attrs={"rows": 2}) if long else forms.TextInput(), **common
    )


def _plain(value: Any) -> Any:
    """96, not 96.00, in an input."""
    return values.number(value) if isinstance(value, Decimal) else value


def _unit(name: str) -> Any:
    return _("人") if name == "population" else ""


class VersionedForm(forms.Form):
    """A form that knows on which version of the household it began; see `views.base.answer`."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, version: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if version is not None:
            self.initial["version"] = version

    def facts(self) -> dict[str, Any]:
        """What the verb takes."""
        return {name: value for name, value in self.cleaned_data.items() if name not in ("version", "note")}

    def absorb(self, error: ValidationError) -> None:
        """Put a verb's refusal at the fields it names."""
        if hasattr(error, "error_dict"):
            for name, errors in error.error_dict.items():
                self.add_error(name if name in self.fields else None, [m for e in errors for m in e.messages])
        else:
            self.add_error(None, error.messages)

    def said(self, name: str) -> str:
        """What the user filled in, as people write it; "" for secrets and blanks."""
        return str(self.cleaned_data.get(name) or "")


class FactsForm(VersionedForm):
    """Columns `names` of a row. `last` is the same row a year earlier: its values stand under the labels."""

    note = TextField(
        label=gettext_lazy("修改说明"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("为什么改、依据什么，会记入变更记录。"),
    )

    def __init__(
        self,
        *args: Any,
        model: type[models.Model],
        names: Sequence[str],
        row: Any = None,
        last: Any = None,
        **kwargs: Any,
    ) -> None:
        initial = {name: _plain(getattr(row, name)) for name in names} if row is not None else {}
        super().__init__(*args, initial=initial | kwargs.pop("initial", {}), **kwargs)
        self.model, self.names, self.row = model, tuple(names), row
        note = self.fields.pop("note")
        for name in names:
            self.fields[name] = field_for(model, name, getattr(row, name, None))
            if last is not None:
                before = values.with_unit(last, name)
                self.fields[name].help_text = _("%(year)s年：%(value)s") % {
                    "year": last.year,
                    "value": before or _("未填"),
                }
            written = (getattr(row, "unmapped", None) or {}).get(name)
            if written:
                self.fields[name].help_text = _("导入时写的是“%(text)s”，请选择对应的项。") % {"text": written}
        self.fields["note"] = note

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in self.names:
            column = self.model._meta.get_field(name)
            if isinstance(column, models.CharField) and data.get(name) is None:
                data[name] = ""
        if data.get("main_cause") and data["main_cause"] in (data.get("other_causes") or ()):
            self.add_error("other_causes", _("其他致贫原因不能与主要致贫原因重复。"))
        if "01" in (data.get("health") or ()) and len(data["health"]) > 1:
            self.add_error("health", _("“健康”不能与其他健康状况同时选择。"))
        return data

    def said(self, name: str) -> str:
        return values.text(self.model, name, self.cleaned_data.get(name))


class SecretMixin:
    """Write-only fields: the masked value stands in the hint, a blank keeps it, a tick removes it."""

    secrets: tuple[tuple[str, str], ...] = ()  # (field, attribute with the masked form)

    def hide(self, row: Any) -> None:
        for name, masked in self.secrets:
            shown = getattr(row, masked, "") if row is not None else ""
            if shown:
                self.fields[name].help_text = _("已登记 %(masked)s。不改就留空，要改请填完整的新号码。") % {
                    "masked": shown
                }  # type: ignore[attr-defined]

    def keep(self, facts: dict[str, Any]) -> dict[str, Any]:
        for name, _masked in self.secrets:
            if facts.pop(f"drop_{name}", False):
                facts[name] = ""
            elif not facts.get(name):
                facts.pop(name, None)
        return facts

    def said(self, name: str) -> str:
        if name in {field for field, _masked in self.secrets}:
            return _("（您填的新号码）") if self.cleaned_data.get(name) else ""  # type: ignore[attr-defined]
        return str(super().said(name))  # type: ignore[misc]

    def dropping(self, row: Any) -> None:
        for name, masked in self.secrets:
            if row is not None and getattr(row, masked, ""):
                label = _("删去已登记的%(what)s") % {"what": self.fields[name].label}  # type: ignore[attr-defined]
                self.fields[f"drop_{name}"] = forms.BooleanField(label=label, required=False)  # type: ignore[attr-defined]


class HouseholdForm(SecretMixin, FactsForm):
    """Who a household is. 户编号 too: it is often known only later."""

    secrets = (("phone", "phone_masked"), ("bank_account", "bank_account_masked"))
    NAMES = (
        "number",
        "hamlet",
        "address",
        "bank_name",
        "standard",
        "identified_on",
        "is_military",
        "is_only_child",
        "is_two_daughters",
    )

    def __init__(self, *args: Any, row: Household, **kwargs: Any) -> None:
        super().__init__(*args, model=Household, names=self.NAMES, row=row, **kwargs)
        self.fields["number"].required = True
        self.fields["phone"] = forms.CharField(
            label=_("联系电话"),
            max_length=30,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        )
        self.fields["bank_account"] = forms.CharField(
            label=_("银行卡号"),
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        )
        self.hide(row)
        self.dropping(row)
        self.order_fields(
            ["number", "hamlet", "address", "phone", "drop_phone", "bank_name", "bank_account", "drop_bank_account"]
        )
        self.order_fields([*(name for name in self.fields if name != "note"), "note"])

    def facts(self) -> dict[str, Any]:
        return self.keep(super().facts())


class MemberForm(SecretMixin, VersionedForm):
    """Who a member is. The ID number is never sent back to the browser."""

    secrets = (("id_number", "id_masked"), ("phone", "phone_masked"))

    name = TextField(
        label=gettext_lazy("姓名"), max_length=60, help_text=gettext_lazy("按证件上的写法，生僻字照样写。")
    )
    relation = forms.ChoiceField(label=gettext_lazy("与户主关系"))
    id_type = forms.ChoiceField(label=gettext_lazy("证件类型"), choices=codelists.ID_TYPE.choices, initial="id")
    id_number = IdCardField(
        label=gettext_lazy("证件号码"),
        max_length=40,
        required=False,
        birthday="id_birth_date",
        sex="id_sex",
        document="id_id_type",
    )
    sex = forms.ChoiceField(
        label=gettext_lazy("性别"), choices=codelists.SEX.choices, widget=forms.RadioSelect, required=False
    )
    birth_date = forms.DateField(label=gettext_lazy("出生日期"), widget=DateInput(), required=False)
    ethnicity = forms.ChoiceField(
        label=gettext_lazy("民族"), choices=[UNKNOWN, *codelists.ETHNICITY.choices], required=False
    )
    phone = forms.CharField(
        label=gettext_lazy("联系电话"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    number = TextField(label=gettext_lazy("人编号"), max_length=40, required=False)
    note = TextField(label=gettext_lazy("修改说明"), max_length=200, required=False)

    def __init__(self, *args: Any, row: Member | None = None, householder: bool = False, **kwargs: Any) -> None:
        """`householder`: this member is, or is to be, the householder; the relation is then not asked."""
        names = ("name", "relation", "id_type", "sex", "birth_date", "ethnicity", "number")
        initial = {n: getattr(row, n) for n in names} if row is not None else {}
        super().__init__(*args, initial=initial | kwargs.pop("initial", {}), **kwargs)
        self.row = row
        if householder:
            del self.fields["relation"]
        else:
            self.fields["relation"].choices = [("", _("请选择")), *relations()]  # type: ignore[attr-defined]
        self.hide(row)
        if row is None:
            del self.fields["note"]
        self.dropping(row)
        order = [
            "name",
            "relation",
            "id_type",
            "id_number",
            "drop_id_number",
            "sex",
            "birth_date",
            "ethnicity",
            "phone",
            "drop_phone",
            "number",
        ]
        self.order_fields(order)

    def facts(self) -> dict[str, Any]:
        facts = self.keep(super().facts())
        if "id_number" in facts:  # last, because it fills birthday and sex where they are empty
            facts["id_number"] = facts.pop("id_number")
        return facts

    def said(self, name: str) -> str:
        if name in ("id_number", "phone"):
            return super().said(name)
        return values.text(Member, name, self.cleaned_data.get(name))


class MemberAddForm(MemberForm):
    joined_reason = forms.ChoiceField(
        label=gettext_lazy("增加原因"),
        choices=[(c, label) for c, label in codelists.JOIN_REASON.choices if c not in ("split", "merge", "import")],
        widget=forms.RadioSelect,
        initial="birth",
    )
    joined_on = forms.DateField(
        label=gettext_lazy("增加日期"),
        widget=DateInput(),
        help_text=gettext_lazy("出生的填出生日期，嫁入的填婚姻登记日期。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["joined_reason", "joined_on"])

    def facts(self) -> dict[str, Any]:
        return {k: v for k, v in super().facts().items() if not k.startswith("joined_")}


class LeaveForm(VersionedForm):
    left_reason = forms.ChoiceField(
        label=gettext_lazy("减少原因"),
        choices=[(c, label) for c, label in codelists.LEAVE_REASON.choices if c not in ("split", "merge")],
        widget=forms.RadioSelect,
    )
    left_on = forms.DateField(label=gettext_lazy("减少日期"), widget=DateInput())


def relations() -> list[tuple[str, Any]]:
    """Relations to a householder other than being one."""
    return [(code, label) for code, label in codelists.RELATION.choices if code != codelists.HOUSEHOLDER]


class RelationsForm(VersionedForm):
    """What each of `members` is to `householder`; asked again, never guessed."""

    def __init__(self, *args: Any, members: Sequence[Member], householder_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = list(members)
        for member in self.members:
            self.fields[f"relation_{member.pk}"] = forms.ChoiceField(
                label=_("%(name)s 是 %(householder)s 的") % {"name": member.name, "householder": householder_name},
                choices=[("", _("请选择")), *relations()],
                help_text=_("现在登记为：%(relation)s") % {"relation": values.of(member, "relation")},
            )

    def relations(self) -> dict[int, str]:
        return {m.pk: self.cleaned_data[f"relation_{m.pk}"] for m in self.members}


class LeaveAsHouseholderForm(RelationsForm):
    left_reason = LeaveForm.base_fields["left_reason"]
    left_on = LeaveForm.base_fields["left_on"]


class SplitForm(RelationsForm):
    on = forms.DateField(label=gettext_lazy("拆户日期"), widget=DateInput())
    number = TextField(
        label=gettext_lazy("新户编号"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("还没有户编号就留空，系统先编一个，以后可以改。"),
    )


class MergeForm(RelationsForm):
    on = forms.DateField(label=gettext_lazy("并户日期"), widget=DateInput())


class SplitChoiceForm(forms.Form):
    """First page of a split: who goes, and who leads."""

    members = forms.MultipleChoiceField(
        label=gettext_lazy("哪些成员拆出去？"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("请选择要拆出的成员。")},
    )
    householder = forms.ChoiceField(
        label=gettext_lazy("谁做新户的户主？"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择新户的户主。")},
    )

    def __init__(self, *args: Any, members: Sequence[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(m.pk), f"{m.name}（{values.of(m, 'relation')}）") for m in members]
        self.fields["members"].choices = choices  # type: ignore[attr-defined]
        self.fields["householder"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("householder") and data["householder"] not in data.get("members", ()):
            self.add_error("householder", _("新户的户主必须是拆出的成员之一。"))
        return data


class HouseholderChoiceForm(forms.Form):
    """First page of a change of householder."""

    householder = forms.ChoiceField(
        label=gettext_lazy("谁做新户主？"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择新户主。")},
    )

    def __init__(self, *args: Any, members: Sequence[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["householder"].choices = [  # type: ignore[attr-defined]
            (str(m.pk), f"{m.name}（{values.of(m, 'relation')}{_age(m)}）") for m in members
        ]


def _age(member: Member) -> str:
    return "" if member.age is None else _("，%(age)s 岁") % {"age": member.age}


class MoveForm(VersionedForm):
    village = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": gettext_lazy("请选择迁入的村。")}
    )
    hamlet = TextField(label=gettext_lazy("组（自然村）"), max_length=60, required=False)
    on = forms.DateField(label=gettext_lazy("迁移日期"), widget=DateInput())


class CloseForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("销户原因"),
        choices=[(c, label) for c, label in values.CLOSE_REASONS.items() if c != "merged"],
        widget=forms.RadioSelect,
    )
    on = forms.DateField(label=gettext_lazy("销户日期"), widget=DateInput())


class IncomeForm(VersionedForm):
    """Every item of a year's income; a blank removes the item. Fields are named after the item's code, the dot written as two lines."""

    note = TextField(label=gettext_lazy("修改说明"), max_length=200, required=False)

    def __init__(
        self, *args: Any, now: Mapping[str, Decimal], last: Mapping[str, Decimal], last_year: int | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.last, self.last_year = dict(now), dict(last), last_year
        note = self.fields.pop("note")
        for code in codelists.INCOME_ITEM.codes:
            before = self.last.get(code.code)
            hint = ""
            if last_year is not None:
                hint = (
                    _("%(year)s年：%(amount)s 元") % {"year": last_year, "amount": values.money(before)}
                    if before is not None
                    else _("%(year)s年：没有这一项") % {"year": last_year}
                )
            self.fields[_name(code.code)] = MoneyField(
                label=str(code.label), last=before, required=False, min_value=0, max_value=Decimal("9999999999.99"), help_text=hint,
                initial=self.now.get(code.code),
            )  # fmt: skip
        self.fields["note"] = note

    def groups(self) -> list[dict[str, Any]]:
        """For the page: items in use stand open, the others behind 「更多」."""
        found = []
        for group in codelists.INCOME_GROUP.codes:
            items = [c.code for c in codelists.INCOME_ITEM.codes if codelists.income_group(c.code) == group.code]
            used = [
                i
                for i in items
                if i in self.now
                or i in self.last
                or self.errors.get(_name(i))
                or (self.is_bound and self.data.get(_name(i)))
            ]
            if not used:
                used = [i for i in items if i.endswith((".other", ".business"))][:1]
            found.append(
                {
                    "code": group.code,
                    "label": group.label,
                    "open": [self[_name(i)] for i in used],
                    "more": [self[_name(i)] for i in items if i not in used],
                }
            )
        return found

    def lines(self) -> dict[str, Decimal | None]:
        """Only items that are or were there: the others need no line."""
        return {
            c.code: self.cleaned_data.get(_name(c.code))
            for c in codelists.INCOME_ITEM.codes
            if self.cleaned_data.get(_name(c.code)) is not None or c.code in self.now
        }

    def said(self, name: str) -> str:
        return values.money(self.cleaned_data.get(name))

    def leaps(self) -> list[str]:
        """Sentences about amounts far from last year's: asked after saving, for browsers without script."""
        found = []
        for code, amount in self.lines().items():
            before = self.last.get(code)
            if before and amount and amount != self.now.get(code) and (amount >= before * 5 or amount * 5 <= before):
                found.append(
                    _("%(item)s %(now)s 元，%(year)s年是 %(before)s 元，相差很大，请再核对。")
                    % {
                        "item": codelists.INCOME_ITEM.label(code),
                        "now": values.money(amount),
                        "year": self.last_year,
                        "before": values.money(before),
                    }
                )
        return found


def _name(item: str) -> str:
    return item.replace(".", "__")


class YearForm(forms.Form):
    """Open a new annual record."""

    year = forms.TypedChoiceField(label=gettext_lazy("年度"), coerce=int)
    copy = forms.BooleanField(
        label=gettext_lazy("照抄上一年度变化慢的内容（住房、土地、致贫原因、文化程度、健康等）；收入和六项核查不抄"),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, have: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this, have = timezone.localdate().year, set(have)
        years = [y for y in range(this, max(this - 12, 2009), -1) if y not in have]
        self.fields["year"].choices = [(y, values.year(y)) for y in years]  # type: ignore[attr-defined]
        if not have:
            del self.fields["copy"]


class StatusForm(VersionedForm):
    to_status = forms.ChoiceField(label=gettext_lazy("变更为"), widget=forms.RadioSelect)
    effective_on = forms.DateField(label=gettext_lazy("生效日期"), widget=DateInput())
    reason = TextField(label=gettext_lazy("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    evidence = TextField(
        label=gettext_lazy("依据"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("会议记录、公示、核查表的名称和日期。"),
    )  # fmt: skip

    def __init__(self, *args: Any, status: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        may = NEXT[Status(status)]
        self.fields["to_status"].choices = [(s.value, s.label) for s in Status if s in may]  # type: ignore[attr-defined]

    def said(self, name: str) -> str:
        return values.text(StatusChange, name, self.cleaned_data.get(name))


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(
        label=gettext_lazy("审核意见"),
        choices=[("confirm", gettext_lazy("确认变更")), ("refuse", gettext_lazy("退回"))],
        widget=forms.RadioSelect,
    )
    note = TextField(
        label=gettext_lazy("说明"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("退回时必须写明原因。"),
    )


class PairingForm(forms.Form):
    """`led`: whether somebody leads already; then the new helper helps along, else they lead."""

    starts_on = forms.DateField(label=gettext_lazy("帮扶开始"), widget=DateInput())
    goal = TextField(
        label=gettext_lazy("帮扶目标"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class ReplaceForm(forms.Form):
    starts_on = forms.DateField(
        label=gettext_lazy("更换日期"),
        widget=DateInput(),
        help_text=gettext_lazy("从这一天起由新的帮扶责任人负责，原来的结对到前一天为止。"),
    )


class PairingEndForm(forms.Form):
    """`others` are the helpers who stay when a lead goes; where there are several, one of them is to lead."""

    ends_on = forms.DateField(
        label=gettext_lazy("结束日期"), widget=DateInput(), help_text=gettext_lazy("从这一天起不再由这位干部帮扶。")
    )
    reason = TextField(label=gettext_lazy("结束原因"), max_length=200)
    lead = forms.TypedChoiceField(label=gettext_lazy("以后由谁牵头"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, others: Sequence[Pairing] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(others) > 1:
            self.fields["lead"].choices = [(p.pk, p.cadre.name) for p in others]  # type: ignore[attr-defined]
        else:
            del self.fields["lead"]


class LeadForm(forms.Form):
    on = forms.DateField(
        label=gettext_lazy("更换日期"),
        widget=DateInput(),
        help_text=gettext_lazy("从这一天起由这位干部牵头，原来的牵头人继续一起帮扶。"),
    )


class KinForm(forms.Form):
    relation = forms.ChoiceField(
        label=gettext_lazy("亲属关系"), choices=Relation.choices, widget=forms.RadioSelect,
        help_text=gettext_lazy("干部与农户家里任何一个人有这种关系，就要回避。"),
    )  # fmt: skip
    note = TextField(
        label=gettext_lazy("说明"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("例如：户主是干部的表兄。"),
    )  # fmt: skip


class KinEndForm(forms.Form):
    note = TextField(label=gettext_lazy("解除理由"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class RevealForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("查看理由"), max_length=200, min_length=4, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("例如：办理大病救助需核对证件。理由会与您的姓名、时间一起记入变更记录。"),
    )  # fmt: skip


class PhotoForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("照片内容"),
        choices=Photo.Kind.choices,
        widget=forms.RadioSelect,
        initial=Photo.Kind.DWELLING,
    )
    upload = forms.FileField(
        label=gettext_lazy("照片"), help_text=gettext_lazy("JPG 或 PNG，不超过 10 MB。拍摄地点等信息会自动去除。"),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )  # fmt: skip
    taken_on = forms.DateField(label=gettext_lazy("拍摄日期"), widget=DateInput(), required=False)


class NewHouseholdForm(MemberForm):
    """A household that is not in the ledger yet: its place, and its householder."""

    village = forms.IntegerField(
        widget=forms.HiddenInput, error_messages={"required": gettext_lazy("请选择农户所在的村。")}
    )
    household_number = TextField(
        label=gettext_lazy("户编号"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("还没有户编号就留空，系统先编一个，以后可以改。"),
    )
    hamlet = TextField(label=gettext_lazy("组（自然村）"), max_length=60, required=False)
    address = TextField(label=gettext_lazy("家庭住址"), max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, householder=True, **kwargs)
        self.fields["name"].label = _("户主姓名")
        self.order_fields(["village", "household_number", "hamlet", "address"])

    def facts(self) -> dict[str, Any]:
        own = ("village", "household_number", "hamlet", "address")
        return {k: v for k, v in super().facts().items() if k not in own}


def today() -> dt.date:
    """Where a form proposes a day, it proposes today."""
    return timezone.localdate()


def year_form(
    topic: str, *args: Any, row: HouseholdYear | None, last: HouseholdYear | None, **kwargs: Any
) -> FactsForm:
    return FactsForm(*args, model=HouseholdYear, names=TOPICS[topic][1], row=row, last=last, **kwargs)


def member_year_form(*args: Any, row: MemberYear | None, last: MemberYear | None, **kwargs: Any) -> FactsForm:
    names = tuple(name for _title, group in MEMBER_TOPICS for name in group)
    return FactsForm(*args, model=MemberYear, names=names, row=row, last=last, **kwargs)
