"""Forms of the report pages: what a table is asked for, a name to keep it under, the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.places import RegionChoices
from common import dates
from common.forms import DateInput, LightSelect
from figures import board, datasets
from figures.datasets import Dataset
from figures.reports.asking import may_see
from figures.reports.definitions import PLACE
from figures.reports.models import Output, Rhythm
from figures.reports.services import LONGEST_NAME

NONE = gettext_lazy("不限")


def _select(label: Any, choices: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, widget=LightSelect)


class AskForm(forms.Form):
    """Where, which year, and every dimension as a filter; drawn with what the address says, and read by `asking.parse`."""

    def __init__(
        self, data: Mapping[str, str], user: Any, dataset: Dataset, axes: tuple[str, ...], region: str
    ) -> None:
        super().__init__(initial={**data, "region": region})
        places = RegionChoices(user, region, dataset.permission)
        self.fields["region"] = _select(_("地区"), places.choices)
        if dataset.year is not None:
            this = timezone.localdate().year
            years = [(str(year), str(year)) for year in board.years()]
            self.fields["year"] = _select(_("年度"), [("", _("今年（%(year)s）") % {"year": this}), *years[1:]])
        for dimension in dataset.dimensions:
            if not (dimension.overlaps and dimension.code in axes):
                self.fields[dimension.code] = _select(dimension.label, [("", NONE), *dimension.options()])
        self.front = [self[name] for name in ("region", "year") if name in self.fields]
        self.filters = [self[d.code] for d in dataset.dimensions if d.code in self.fields]
        self.filtered = any(data.get(d.code) for d in dataset.dimensions)


class PivotForm(AskForm):
    """The same with what is counted, and the axes."""

    def __init__(
        self, data: Mapping[str, str], user: Any, dataset: Dataset, axes: tuple[str, ...], region: str
    ) -> None:
        super().__init__(
            {"row": PLACE, "value": datasets.ROWS, **data, "dataset": dataset.code}, user, dataset, axes, region
        )
        kinds = [(each.code, each.label) for each in datasets.known() if may_see(user, each)]
        dimensions = [(d.code, d.label) for d in dataset.dimensions]
        self.fields["dataset"] = _select(_("统计什么"), kinds)
        self.fields["row"] = _select(_("行"), [(PLACE, _("地区")), *dimensions])
        self.fields["row2"] = _select(_("再分行"), [("", _("不再分")), (PLACE, _("地区")), *dimensions])
        self.fields["across"] = _select(_("列"), [("", _("不分列")), *dimensions])
        self.fields["value"] = _select(_("统计数"), [(m.code, f"{m.label}（{m.unit}）") for m in dataset.measures])
        self.pivot = [self[name] for name in ("dataset", "row", "row2", "across", "value")]


class SaveForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=LONGEST_NAME,
        error_messages={"required": gettext_lazy("请给报表起个名称。"), "max_length": gettext_lazy("名称最多 %(limit_value)d 个字，请写短一些。")},
    )  # fmt: skip
    shared = forms.BooleanField(
        label=gettext_lazy("本地区和下级都能用"), required=False, help_text=gettext_lazy("别人打开时看到的是他们自己地区的数。"),
    )  # fmt: skip


class ScheduleForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=LONGEST_NAME,
        error_messages={"required": gettext_lazy("请给报表起个名称。"), "max_length": gettext_lazy("名称最多 %(limit_value)d 个字，请写短一些。")},
    )  # fmt: skip
    rhythm = forms.ChoiceField(
        label=gettext_lazy("多久一次"), choices=Rhythm.choices, widget=forms.RadioSelect, initial=Rhythm.MONTH,
        error_messages={"required": gettext_lazy("请选择多久做一次。")},
    )  # fmt: skip
    output = forms.ChoiceField(
        label=gettext_lazy("文件形式"), choices=Output.choices, widget=forms.RadioSelect, initial=Output.XLSX
    )
    ends_on = forms.DateField(
        label=gettext_lazy("做到哪天"), widget=DateInput, help_text=gettext_lazy("最多两年，到时还要就再排一次。"),
        error_messages={"required": gettext_lazy("请填写做到哪天为止。"), "invalid": gettext_lazy("日期写法不对，请写成 2026-12-31 这样。")},
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].initial = dates.later(timezone.localdate(), 12)
