"""Forms of plans. What they hold is checked by the verbs; here is how it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from catalogue.models import MeasureKind
from common.forms import DateInput, LightSelect
from households import codelists, values
from households.ledger import CHECK_TITLES
from households.models import Household, Member
from plans import proposals
from plans.indicators import MOST, USUAL_TARGETS
from plans.models import Goal, Indicator, Plan, Task

UPLOAD = gettext_lazy("JPG 或 PNG，不超过 10 MB。拍摄地点等信息会自动去除。")


class PlanForm(forms.Form):
    """Any form of a plan: it carries the version it began on."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


def photo_field(label: Any, *, required: bool = False, hint: Any = UPLOAD) -> forms.FileField:
    return forms.FileField(
        label=label, required=required, help_text=hint, widget=forms.FileInput(attrs={"accept": "image/*"})
    )


def _area(rows: int = 3, most: int = 600) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "maxlength": most})


class SummaryForm(PlanForm):
    summary = forms.CharField(
        label=gettext_lazy("帮扶思路"), max_length=600, required=False, widget=_area(5),
        help_text=gettext_lazy("这一户为什么难、先解决什么、靠什么增收，几句话。"),
    )  # fmt: skip


def sources_of(household: Household, causes: Sequence[str], unmet: Sequence[str]) -> list[tuple[str, Any]]:
    """What a goal can answer: the household's own causes and unmet guarantees first."""
    own = [f"check:{name}" for name in unmet] + [f"cause:{code}" for code in causes]
    others = [f"check:{name}" for name in CHECK_TITLES] + [f"cause:{code.code}" for code in codelists.CAUSE.codes]
    return [("own", _("自定")), *((key, proposals.title_of(key)) for key in dict.fromkeys([*own, *others]))]


class GoalForm(PlanForm):
    text = forms.CharField(
        label=gettext_lazy("目标"), max_length=200, widget=_area(2, 200),
        error_messages={"required": gettext_lazy("请写明目标，例如：年底前住进安全房。")},
    )  # fmt: skip
    source = forms.ChoiceField(label=gettext_lazy("针对"), widget=LightSelect)

    def __init__(self, *args: Any, sources: Sequence[tuple[str, Any]], goal: Goal | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = list(sources)
        if goal is not None and goal.source not in dict(found):
            found.append((goal.source, proposals.title_of(goal.source)))
        self.fields["source"].choices = found  # type: ignore[attr-defined]


class TaskForm(PlanForm):
    text = forms.CharField(
        label=gettext_lazy("任务"), max_length=200, widget=_area(2, 200), error_messages={"required": gettext_lazy("请写明任务：做什么。")}
    )  # fmt: skip
    owner = forms.ChoiceField(label=gettext_lazy("责任人"), required=False, widget=LightSelect)
    due_on = forms.DateField(label=gettext_lazy("完成期限"), required=False, widget=DateInput())
    kind = forms.ChoiceField(label=gettext_lazy("帮扶措施"), required=False, widget=LightSelect)
    member = forms.ChoiceField(label=gettext_lazy("受益人"), required=False, widget=LightSelect)

    def __init__(self, *args: Any, owners: Sequence[User], kinds: Sequence[MeasureKind], members: Sequence[Member], **kwargs: Any) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.rows = {"owner": {str(user.pk): user for user in owners}, "kind": {kind.code: kind for kind in kinds},
                     "member": {str(member.pk): member for member in members}}  # fmt: skip
        blank = {"owner": _("请选择"), "kind": _("不对应目录里的措施"), "member": _("全家")}
        for name, rows in self.rows.items():
            labels = [(key, self._label(row)) for key, row in rows.items()]
            self.fields[name].choices = [("", blank[name]), *labels]  # type: ignore[attr-defined]

    @staticmethod
    def _label(row: Any) -> str:
        match row:
            case Member():
                return f"{row.name}（{values.of(row, 'relation')}）"
            case _:
                return str(row)

    def facts(self) -> dict[str, Any]:
        own = self.cleaned_data
        found = {name: rows.get(own[name]) if own[name] else None for name, rows in self.rows.items()}
        return {"text": own["text"], "due_on": own["due_on"], **found}


class IndicatorsForm(PlanForm):
    """A target for each of the six. What the ledger says now stands beside it."""

    def __init__(self, *args: Any, rows: Sequence[Indicator], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for row in rows:
            hint = _("现状：%(now)s") % {"now": row.now} if row.now else _("现状：台账里还没有")
            self.fields[row.code] = forms.CharField(
                label=row.get_code_display(), max_length=MOST, required=False, help_text=hint,
                initial=row.target or USUAL_TARGETS.get(Indicator.Code(row.code), ""),
            )  # fmt: skip

    def targets(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class ConsentForm(PlanForm):
    consent = forms.ChoiceField(
        label=gettext_lazy("怎样同意的"), choices=Plan.Consent.choices, widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("请选择农户怎样同意：签字或口头同意。")},
    )  # fmt: skip
    member = forms.ChoiceField(
        label=gettext_lazy("谁同意的"),
        widget=LightSelect,
        error_messages={"required": gettext_lazy("请选择是哪一位家庭成员同意的。")},
    )
    on = forms.DateField(label=gettext_lazy("哪一天"), widget=DateInput())
    upload = photo_field(gettext_lazy("签字的照片"), hint=gettext_lazy("签字同意时，拍下农户在计划上签的字。"))
    note = forms.CharField(
        label=gettext_lazy("说明"), max_length=200, required=False,
        help_text=gettext_lazy("口头同意时，写明谁在场、在哪里说的。"),
    )  # fmt: skip

    def __init__(self, *args: Any, members: Sequence[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {str(member.pk): member for member in members}
        self.fields["member"].choices = [("", _("请选择"))] + [  # type: ignore[attr-defined]
            (key, f"{member.name}（{values.of(member, 'relation')}）") for key, member in self.members.items()
        ]

    def facts(self) -> dict[str, Any]:
        own = self.cleaned_data
        return {name: own[name] for name in ("consent", "on", "note", "upload")} | {
            "member": self.members.get(own["member"])
        }


class ReasonForm(PlanForm):
    note = forms.CharField(
        label=gettext_lazy("理由"), max_length=300, widget=_area(3, 300), help_text=gettext_lazy("至少四个字。"),
        error_messages={"required": gettext_lazy("请写明理由，至少四个字。")},
    )  # fmt: skip


class DecisionForm(PlanForm):
    note = forms.CharField(
        label=gettext_lazy("审批意见"), max_length=300, required=False, widget=_area(3, 300),
        help_text=gettext_lazy("退回时必须写明理由，至少四个字。"),
    )  # fmt: skip


class DoneForm(PlanForm):
    on = forms.DateField(label=gettext_lazy("完成日期"), widget=DateInput())
    note = forms.CharField(label=gettext_lazy("完成情况"), max_length=300, required=False, widget=_area(2, 300))
    upload = photo_field(gettext_lazy("照片"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = timezone.localdate()


class ProgressForm(PlanForm):
    note = forms.CharField(label=gettext_lazy("进展"), max_length=300, required=False, widget=_area(2, 300))
    upload = photo_field(gettext_lazy("照片"))


class ReviewForm(PlanForm):
    """The end of the year: what came of each indicator and goal."""

    note = forms.CharField(
        label=gettext_lazy("年终总结"), max_length=600, widget=_area(5),
        error_messages={"required": gettext_lazy("请写几句年终总结，至少四个字。")},
    )  # fmt: skip

    def __init__(self, *args: Any, indicators: Sequence[Indicator], goals: Sequence[Goal], reached: dict[str, str], **kwargs: Any) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        note = self.fields.pop("note")
        self.codes = [row.code for row in indicators]
        self.goals = {f"goal-{goal.pk}": goal.pk for goal in goals}
        for row in indicators:
            self.fields[row.code] = forms.CharField(
                label=row.get_code_display(), max_length=MOST, initial=row.done or reached.get(row.code, ""),
                error_messages={"required": _("请填写“%(name)s”的完成情况。") % {"name": row.get_code_display()}},
                help_text=_("现状：%(now)s；计划：%(target)s") % {"now": row.now or "—", "target": row.target or "—"},
            )  # fmt: skip
        for goal in goals:
            tasks = [task for task in goal.tasks.all() if task.state != Task.State.DROPPED]
            done = sum(task.state == Task.State.DONE for task in tasks)
            self.fields[f"goal-{goal.pk}"] = forms.ChoiceField(
                label=goal.text, widget=forms.RadioSelect, initial=goal.state,
                error_messages={"required": _("请判断目标“%(goal)s”实现没有。") % {"goal": goal.text}},
                choices=[(s.value, s.label) for s in (Goal.State.REACHED, Goal.State.MISSED)],
                help_text=_("任务完成 %(done)s / %(all)s") % {"done": done, "all": len(tasks)},
            )  # fmt: skip
        self.fields["note"] = note

    def facts(self) -> dict[str, Any]:
        own = self.cleaned_data
        return {
            "done": {code: own.get(code, "") for code in self.codes},
            "goals": {pk: own.get(name, "") for name, pk in self.goals.items()},
            "note": own.get("note", ""),
        }
