"""Forms of party building, each short enough for a phone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cadres.codelists import SEX
from common.forms import CountInput, DateInput
from party.codelists import FACILITIES, LEAVING, POSTS, SCHOOLING
from party.models import Classroom, Course, Facility, Form, Kind, Period, Stage
from party.services.rules import BOUNDS

PICTURE = _("JPG 或 PNG，不超过 10 MB。拍摄地点等信息会自动去除。")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def _text(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class PickField(forms.TypedChoiceField):
    """One of the rows offered; `cleaned_data` gets the row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, empty_value=None, **kwargs)
        self.rows: dict[int, Any] = {}

    def offer(self, rows: Iterable[Any], label: Any = str, empty: Any = None) -> None:
        self.rows = {row.pk: row for row in rows}
        blank = [("", empty or _("请选择"))] if len(self.rows) != 1 or not self.required else []
        self.choices = [*blank, *((str(pk), label(row)) for pk, row in self.rows.items())]

    def clean(self, value: Any) -> Any:
        key = super().clean(value)
        return self.rows.get(key) if key is not None else None


class TickField(forms.TypedMultipleChoiceField):
    """Some of the rows offered, as tiles to tick; `cleaned_data` gets the rows."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, required=False, **kwargs)
        self.rows: dict[int, Any] = {}

    def offer(self, rows: Iterable[Any], label: Any = str) -> None:
        self.rows = {row.pk: row for row in rows}
        self.choices = [(str(pk), label(row)) for pk, row in self.rows.items()]

    def clean(self, value: Any) -> Any:
        return [self.rows[key] for key in super().clean(value)]


class VersionForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class DayForm(forms.Form):
    on = forms.DateField(label=_("日期"), widget=DateInput())


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=200, widget=_text())


class BranchForm(VersionForm):
    name = forms.CharField(label=_("党支部名称"), max_length=60)
    established_on = forms.DateField(label=_("成立日期"), widget=DateInput(), required=False)
    has_committee = forms.BooleanField(
        label=_("设支部委员会"), required=False, help_text=_("正式党员七人以上设委员会；不设的不要求开支委会。")
    )
    has_groups = forms.BooleanField(label=_("设党小组"), required=False)


class PostForm(forms.Form):
    post = forms.ChoiceField(label=_("职务"), choices=POSTS.choices)
    person = PickField(label=_("党员"))
    on = forms.DateField(label=_("任职日期"), widget=DateInput())


class PersonForm(VersionForm):
    name = forms.CharField(label=_("姓名"), max_length=60)
    sex = forms.ChoiceField(label=_("性别"), choices=SEX.choices[:2], widget=forms.RadioSelect)
    birth_date = forms.DateField(label=_("出生日期"), widget=DateInput())
    schooling = forms.ChoiceField(label=_("学历"), choices=[("", _("请选择")), *SCHOOLING.choices], required=False)
    phone = forms.CharField(
        label=_("手机"), max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"}),
        help_text=_("加密保存，页面上只显示后四位。扫码签到按后四位核对。"),
    )  # fmt: skip

    WHO = ("name", "sex", "birth_date", "schooling", "phone")

    def who(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.WHO if name in self.cleaned_data}


class ApplyForm(PersonForm):
    """入党申请."""

    on = forms.DateField(label=_("递交申请日期"), widget=DateInput())


class MemberForm(PersonForm):
    """登记已有党员."""

    stage = forms.ChoiceField(
        label=_("现在是"), choices=[(Stage.FULL.value, Stage.FULL.label), (Stage.PROBATIONARY.value, Stage.PROBATIONARY.label)],
        widget=forms.RadioSelect, initial=Stage.FULL.value,
    )  # fmt: skip
    joined_on = forms.DateField(label=_("入党日期"), widget=DateInput(), help_text=_("成为预备党员的日期。"))
    full_on = forms.DateField(label=_("转正日期"), widget=DateInput(), required=False)
    came = forms.ChoiceField(
        label=_("从哪里来"),
        choices=[("here", _("本支部发展的")), ("moved", _("组织关系转来的"))],
        widget=forms.RadioSelect,
        initial="here",
    )


class CorrectForm(PersonForm):
    """Who somebody is; a phone that is not typed again stays."""

    def __init__(self, *args: Any, phone: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if phone:
            self.fields["phone"].help_text = _("现在登记的是 %(phone)s，不改就留空。") % {"phone": phone}

    def who(self) -> dict[str, Any]:
        return {name: value for name, value in super().who().items() if name != "phone" or value}


class LeaveForm(VersionForm):
    reason = forms.ChoiceField(label=_("离开原因"), choices=LEAVING.choices, widget=forms.RadioSelect)
    on = forms.DateField(label=_("离开日期"), widget=DateInput())


class StepForm(forms.Form):
    on = forms.DateField(label=_("日期"), widget=DateInput())
    note = forms.CharField(label=_("说明"), max_length=300, required=False, widget=_text())


class AbleForm(forms.Form):
    cadre = PickField(label=_("已经在干部名册里的，选本人"), required=False)


class CourseForm(VersionForm):
    classroom = forms.ChoiceField(label=_("课堂"), choices=Classroom.choices, widget=forms.RadioSelect)
    form = forms.ChoiceField(label=_("形式"), choices=Form.choices)
    title = forms.CharField(label=_("课程名称"), max_length=80)
    outline = forms.CharField(label=_("提纲"), max_length=2000, required=False, widget=_text(4))
    hours = forms.DecimalField(
        label=_("学时"), max_digits=4, decimal_places=1, initial=1, widget=CountInput(unit=_("学时"), decimal=True)
    )

    FACTS = ("classroom", "form", "title", "outline", "hours")


class NewCourseForm(CourseForm):
    region = PickField(label=_("开设的地区"))
    field_order = ("version", "region")


class SessionForm(VersionForm):
    course = PickField(label=_("课程"))
    held_on = forms.DateField(label=_("日期"), widget=DateInput())
    starts_at = forms.TimeField(label=_("开始时间"), widget=TimeInput(), required=False)
    ends_at = forms.TimeField(label=_("结束时间"), widget=TimeInput(), required=False)
    teacher = forms.CharField(label=_("授课人"), max_length=60)
    place = forms.CharField(label=_("地点"), max_length=80, required=False)
    note = forms.CharField(label=_("说明"), max_length=300, required=False, widget=_text())

    FACTS = ("held_on", "starts_at", "ends_at", "teacher", "place", "note")

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.FACTS}


class NewSessionForm(SessionForm):
    held = forms.ChoiceField(
        label=_("开课了吗"),
        choices=[("plan", _("还没开，先安排")), ("held", _("已经开课"))],
        widget=forms.RadioSelect,
        initial="plan",
    )
    villagers = forms.IntegerField(
        label=_("到场群众"), min_value=0, max_value=5000, required=False, widget=CountInput(unit=_("人")),
        help_text=_("党员和培养对象另外签到，不算在这里。"),
    )  # fmt: skip
    field_order = (
        "version",
        "course",
        "held",
        "held_on",
        "starts_at",
        "ends_at",
        "teacher",
        "place",
        "villagers",
        "note",
    )


class HoldForm(VersionForm):
    villagers = forms.IntegerField(
        label=_("到场群众"), min_value=0, max_value=5000, initial=0, widget=CountInput(unit=_("人")),
        help_text=_("党员和培养对象另外签到，不算在这里。"),
    )  # fmt: skip
    note = forms.CharField(label=_("说明"), max_length=300, required=False, widget=_text())


class ChangeSessionForm(SessionForm):
    villagers = forms.IntegerField(label=_("到场群众"), min_value=0, max_value=5000, widget=CountInput(unit=_("人")))


class AttendanceForm(forms.Form):
    people = TickField(label=_("党员和培养对象"))
    cadres = TickField(label=_("驻村工作队和来听课的干部"))


class LectureForm(forms.Form):
    branch = PickField(label=_("党支部"))


class PhotoForm(forms.Form):
    upload = forms.FileField(label=_("照片"), help_text=PICTURE, widget=forms.FileInput(attrs={"accept": "image/*"}))


class SignInForm(forms.Form):
    name = forms.CharField(label=_("姓名"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    tail = forms.CharField(
        label=_("手机号后四位"),
        max_length=4,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class ActivityForm(VersionForm):
    kind = forms.ChoiceField(label=_("种类"), choices=Kind.choices)
    held_on = forms.DateField(label=_("日期"), widget=DateInput())
    title = forms.CharField(label=_("主题"), max_length=80)
    text = forms.CharField(label=_("内容"), max_length=2000, required=False, widget=_text(3))
    place = forms.CharField(label=_("地点"), max_length=80, required=False)
    people = TickField(label=_("到会的人"))
    guests = forms.IntegerField(
        label=_("列席人数"), min_value=0, max_value=5000, required=False, widget=CountInput(unit=_("人"))
    )

    FACTS = ("kind", "held_on", "title", "text", "place", "guests")

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.FACTS}


class NewActivityForm(ActivityForm):
    upload = forms.FileField(
        label=_("照片"), required=False, help_text=PICTURE, widget=forms.FileInput(attrs={"accept": "image/*"})
    )


class FacilityForm(VersionForm):
    kind = forms.ChoiceField(label=_("种类"), choices=FACILITIES.choices)
    name = forms.CharField(label=_("名称"), max_length=60)
    installed_on = forms.DateField(label=_("启用日期"), widget=DateInput(), required=False)
    note = forms.CharField(label=_("说明"), max_length=200, required=False, widget=_text())

    FACTS = ("kind", "name", "installed_on", "note")

    def facts(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.FACTS}


class NewFacilityForm(FacilityForm):
    state = forms.ChoiceField(
        label=_("状态"), choices=Facility.State.choices, widget=forms.RadioSelect, initial=Facility.State.WORKS.value
    )


class CheckForm(VersionForm):
    state = forms.ChoiceField(label=_("状态"), choices=Facility.State.choices, widget=forms.RadioSelect)
    on = forms.DateField(label=_("检查日期"), widget=DateInput())
    checked_by = forms.CharField(label=_("检查人"), max_length=60)
    note = forms.CharField(
        label=_("情况"), max_length=200, required=False, widget=_text(), help_text=_("损坏或缺失的要写明情况。")
    )


class PartyRuleForm(forms.Form):
    young_years = forms.IntegerField(label=_("每几年算一次"), widget=CountInput(unit=_("年")))
    young_least = forms.IntegerField(label=_("至少发展年轻党员"), widget=CountInput(unit=_("名")))
    young_age = forms.IntegerField(label=_("年轻党员的年龄上限"), widget=CountInput(unit=_("周岁")))
    warn_months = forms.IntegerField(label=_("提前多久预警"), widget=CountInput(unit=_("个月")))
    applicant_months = forms.IntegerField(
        label=_("申请人到积极分子，一般不少于"),
        widget=CountInput(unit=_("个月")),
        help_text=_("没有全国规定，不到时只提醒。"),
    )
    activist_months = forms.IntegerField(
        label=_("积极分子到发展对象，不少于"),
        widget=CountInput(unit=_("个月")),
        help_text=_("发展党员工作细则：培养教育一年以上。"),
    )
    target_months = forms.IntegerField(
        label=_("发展对象到预备党员，一般不少于"),
        widget=CountInput(unit=_("个月")),
        help_text=_("没有全国规定，不到时只提醒。"),
    )
    probation_months = forms.IntegerField(
        label=_("预备期，不少于"), widget=CountInput(unit=_("个月")), help_text=_("发展党员工作细则：一年。")
    )
    check_months = forms.IntegerField(label=_("设施多久检查一次"), widget=CountInput(unit=_("个月")))

    FACTS = tuple(BOUNDS)


class ActivityRuleForm(forms.Form):
    kind = forms.ChoiceField(label=_("种类"), choices=Kind.choices)
    period = forms.ChoiceField(label=_("周期"), choices=Period.choices, widget=forms.RadioSelect)
    least = forms.IntegerField(
        label=_("至少"), min_value=0, max_value=31, widget=CountInput(unit=_("次")), help_text=_("0 表示不要求。")
    )
    starts_on = forms.DateField(
        label=_("开始执行"), widget=DateInput(), initial=timezone.localdate, help_text=_("以前的月份按原来的要求算。")
    )


def course_label(course: Course) -> str:
    """党政课堂 · 防返贫政策怎么用（微党课）."""
    return f"{course.get_classroom_display()} · {course.title}（{course.get_form_display()}）"
