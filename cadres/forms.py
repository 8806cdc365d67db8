"""Shapes of the pages of units, cadres and teams; what may be done is decided by the verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import posted_regions
from cadres import codelists
from cadres.models import Affiliation, Cadre, Rank, Unit
from cadres.services.cadres import PARTY
from common.forms import CountInput, DateInput, IdCardField, LightSelect
from regions.models import Region

SHOWN_UNITS = 300  # in a select; a county has about half as many


class SheetForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("填好的表格"), help_text=gettext_lazy(".xlsx、.xls 或 .csv，最多 500 行。"),
        widget=forms.FileInput({"accept": ".xlsx,.xls,.csv"}),
    )  # fmt: skip


def today_field(label: Any, **options: Any) -> forms.DateField:
    """A day of something that has happened: today unless somebody says otherwise."""
    return forms.DateField(label=label, widget=DateInput(), initial=timezone.localdate, **options)


class RowChoice(forms.TypedChoiceField):
    """One of the rows offered; `cleaned_data` gets the row, None for the empty choice."""

    def __init__(self, **kwargs: Any) -> None:
        self.rows: dict[int, Any] = {}
        super().__init__(coerce=int, empty_value=None, widget=LightSelect, **kwargs)

    def offer(self, rows: Any, label: Any = str, empty: Any = "") -> None:
        self.rows = {row.pk: row for row in rows}
        self.choices = [*([("", empty)] if empty else []), *((str(pk), label(row)) for pk, row in self.rows.items())]

    def clean(self, value: Any) -> Any:
        return self.rows.get(super().clean(value))


# -- units ----------------------------------------------------------------------------------------------------------------------


class UnitForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("单位名称"), max_length=120)
    affiliation = forms.ChoiceField(label=gettext_lazy("隶属关系"), choices=Affiliation.choices, widget=LightSelect)
    number = forms.CharField(
        label=gettext_lazy("帮扶单位编号"),
        max_length=30,
        required=False,
        help_text=gettext_lazy("全国系统里的编号，没有就空着。"),
    )


class NewUnitForm(UnitForm):
    region = RowChoice(
        label=gettext_lazy("所在地区"),
        help_text=gettext_lazy("省直、市直单位帮扶本县的，也登记在县里，隶属关系按实际填写。"),
    )

    field_order = ("region", "name", "affiliation", "number")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [region.pk for region in posted_regions(user, Permission.CADRE_EDIT)]
        rows = Region.objects.filter(Q(pk__in=own) | Q(parent__in=own), valid_to=None).order_by("level", "code")
        self.fields["region"].offer(  # type: ignore[attr-defined]
            rows, lambda region: region.full_name or region.name, _("请选择")
        )


class DayForm(forms.Form):
    """A day, named by the page."""

    on = today_field(gettext_lazy("日期"))

    def __init__(self, *args: Any, label: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = label or self.fields["on"].label


class AnswerForm(forms.Form):
    """包村: which unit answers for the village, since when."""

    unit = RowChoice(label=gettext_lazy("单位"))
    starts_on = today_field(gettext_lazy("开始日期"))

    def __init__(self, *args: Any, user: Any, village: Region, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_units(self.fields["unit"], user, village, _("请选择"))


def offer_units(field: Any, user: Any, village: Region, empty: Any) -> None:
    """The open units that may help a village: its own and those of the regions above it."""
    units = (
        Unit.objects.for_user(user).open().filter(region__in=village.ancestor_ids).order_by("-region__level", "name")
    )
    field.offer(units[:SHOWN_UNITS], lambda unit: unit.name, empty)


# -- cadres ---------------------------------------------------------------------------------------------------------------------


class CadreForm(forms.Form):
    """Phone and ID number are never shown in full: an empty field keeps what is registered."""

    name = forms.CharField(label=gettext_lazy("姓名"), max_length=60, widget=forms.TextInput({"autocomplete": "off"}))
    title = forms.CharField(label=gettext_lazy("职务"), max_length=60, required=False)
    rank = forms.ChoiceField(
        label=gettext_lazy("职级"), choices=Rank.choices, required=False, widget=LightSelect,
        help_text=gettext_lazy("安排结对户数时用。"),
    )  # fmt: skip
    politics = forms.ChoiceField(
        label=gettext_lazy("政治面貌"),
        required=False,
        widget=LightSelect,
        choices=[("", gettext_lazy("没有登记")), *codelists.POLITICS.choices],
    )
    sex = forms.ChoiceField(
        label=gettext_lazy("性别"),
        required=False,
        widget=LightSelect,
        choices=[("", gettext_lazy("没有登记")), *codelists.SEX.choices],
    )
    id_number = IdCardField(label=gettext_lazy("居民身份证号"), max_length=40, required=False)
    phone = forms.CharField(
        label=gettext_lazy("联系电话"),
        max_length=30,
        required=False,
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"}),
    )
    number = forms.CharField(label=gettext_lazy("帮扶责任人编号"), max_length=30, required=False)
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("会说的语言"),
        required=False,
        choices=codelists.LANGUAGES.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    skills = forms.MultipleChoiceField(
        label=gettext_lazy("专长"),
        required=False,
        choices=codelists.SKILLS.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    cannot_help = forms.BooleanField(
        label=gettext_lazy("不能结对帮扶"),
        required=False,
        help_text=gettext_lazy("如长期病休、借调外地。不勾选的，都算有帮带能力。"),
    )
    remove_phone = forms.BooleanField(label=gettext_lazy("删去登记的电话"), required=False)
    remove_id = forms.BooleanField(label=gettext_lazy("删去登记的身份证号"), required=False)

    field_order = (
        "name", "title", "rank", "politics", "sex", "id_number", "remove_id", "phone", "remove_phone", "number", "languages", "skills",
        "cannot_help",
    )  # fmt: skip

    def __init__(self, *args: Any, cadre: Cadre | None = None, **kwargs: Any) -> None:
        if cadre is not None:
            kwargs["initial"] = {name: getattr(cadre, name) for name in PLAIN} | (kwargs.get("initial") or {})
            if not cadre.politics and cadre.is_party_member:
                kwargs["initial"]["politics"] = PARTY[0]
        super().__init__(*args, **kwargs)
        for name, remove, masked in (
            ("phone", "remove_phone", cadre.phone_masked if cadre else ""),
            ("id_number", "remove_id", cadre.id_masked if cadre else ""),
        ):
            if masked:
                self.fields[name].help_text = _("现在登记的是 %(masked)s；不改就空着。") % {"masked": masked}
            else:
                del self.fields[remove]

    def facts(self) -> dict[str, Any]:
        """What the verbs take: secrets only where they were typed or are to go."""
        data = self.cleaned_data
        found = {name: data[name] for name in PLAIN} | {"is_party_member": data["politics"] in PARTY}
        for name, remove in (("phone", "remove_phone"), ("id_number", "remove_id")):
            if data[name] or data.get(remove):
                found[name] = data[name]
        return found


PLAIN = ("name", "title", "rank", "politics", "sex", "number", "languages", "skills", "cannot_help")


class NewCadreForm(CadreForm):
    unit = RowChoice(label=gettext_lazy("单位"))

    field_order = ("unit", *CadreForm.field_order)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_own_units(self.fields["unit"], user)


def offer_own_units(field: Any, user: Any) -> None:
    """The open units whose cadres the user keeps."""
    units = Unit.objects.for_user(user, Permission.CADRE_EDIT).open().order_by("region__level", "name")
    field.offer(units[:SHOWN_UNITS], lambda unit: unit.name, _("请选择"))


class MoveForm(forms.Form):
    unit = RowChoice(label=gettext_lazy("调到"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_own_units(self.fields["unit"], user)


class LeaveForm(forms.Form):
    on = today_field(gettext_lazy("离岗日期"))
    reason = forms.CharField(
        label=gettext_lazy("离岗原因"), max_length=200, help_text=gettext_lazy("如：调往外县、退休。")
    )
    close_account = forms.BooleanField(label=gettext_lazy("同时停用登录账号"), required=False, initial=True)

    def __init__(self, *args: Any, account: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not account:
            del self.fields["close_account"]


class AccountForm(forms.Form):
    username = forms.CharField(
        label=gettext_lazy("用户名"), max_length=60, required=False, help_text=gettext_lazy("空着就是取消关联。"),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none"}),
    )  # fmt: skip


# -- teams ----------------------------------------------------------------------------------------------------------------------


class TeamForm(forms.Form):
    """Which unit sends the team."""

    unit = RowChoice(label=gettext_lazy("派出单位"), required=False)

    def __init__(self, *args: Any, user: Any, village: Region, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_units(self.fields["unit"], user, village, _("没有登记"))


class NewTeamForm(TeamForm):
    starts_on = today_field(gettext_lazy("进驻日期"))


class EndForm(forms.Form):
    ends_on = today_field(gettext_lazy("日期"))
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200, required=False)

    def __init__(self, *args: Any, label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].label = label


class TermFields(forms.Form):
    starts_on = today_field(gettext_lazy("任期开始"))
    term_ends_on = forms.DateField(
        label=gettext_lazy("任期届满"),
        widget=DateInput(),
        required=False,
        help_text=gettext_lazy("派出文件里写的届满日期。"),
    )


class DutyFields(forms.Form):
    is_leader = forms.BooleanField(label=gettext_lazy("队长"), required=False)
    is_first_secretary = forms.BooleanField(label=gettext_lazy("第一书记"), required=False)
    is_full_time = forms.BooleanField(
        label=gettext_lazy("全脱产"),
        required=False,
        initial=True,
        help_text=gettext_lazy("全脱产队员同一时间只能在一支工作队。"),
    )


class PlaceForm(DutyFields, TermFields):
    give_access = forms.BooleanField(label=gettext_lazy("同时开通在本村的驻村工作队权限"), required=False, initial=True)

    field_order = ("is_leader", "is_first_secretary", "is_full_time", "starts_on", "term_ends_on", "give_access")

    def __init__(self, *args: Any, access: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not access:
            del self.fields["give_access"]


class DutyForm(DutyFields):
    on = today_field(gettext_lazy("从哪天起"))

    field_order = ("is_leader", "is_first_secretary", "is_full_time", "on")


class RuleForm(forms.Form):
    least_people = forms.IntegerField(
        label=gettext_lazy("最少人数"), min_value=1, max_value=20, widget=CountInput(unit=gettext_lazy("人"))
    )
    least_months = forms.IntegerField(
        label=gettext_lazy("最短任期"), min_value=0, max_value=120, widget=CountInput(unit=gettext_lazy("个月"))
    )
    leader_is_secretary = forms.BooleanField(label=gettext_lazy("队长由第一书记担任"), required=False)
    warn_days = forms.IntegerField(
        label=gettext_lazy("任期届满前多少天提醒"),
        min_value=0,
        max_value=730,
        widget=CountInput(unit=gettext_lazy("天")),
    )


class ProfileForm(forms.Form):
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("村民日常用语"),
        required=False,
        choices=codelists.LANGUAGES.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    industries = forms.MultipleChoiceField(
        label=gettext_lazy("主要产业和需要的专长"),
        required=False,
        choices=codelists.SKILLS.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    longitude = forms.CharField(
        label=gettext_lazy("经度"), max_length=12, required=False, help_text=gettext_lazy("如 104.25，到小数点后两位。"),
        widget=CountInput(unit=gettext_lazy("度"), decimal=True),
    )  # fmt: skip
    latitude = forms.CharField(
        label=gettext_lazy("纬度"),
        max_length=12,
        required=False,
        widget=CountInput(unit=gettext_lazy("度"), decimal=True),
    )
    note = forms.CharField(
        label=gettext_lazy("说明"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
