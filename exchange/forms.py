"""Forms of the import pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres.services.base import FIRST_DAY
from common.forms import DateInput
from exchange import headings

FIRST_YEAR = 2014  # the first registration year of the national system


def year_choices() -> list[tuple[int, str]]:
    this_year = timezone.localdate().year
    return [(year, _("%(year)s 年度") % {"year": year}) for year in range(this_year + 1, FIRST_YEAR - 1, -1)]


class SheetForm(forms.Form):
    """A spreadsheet."""

    file = forms.FileField(
        label=gettext_lazy("表格文件"),
        help_text=gettext_lazy("可以是 .xlsx、.xls 或 .csv；全国系统导出的表可以原样上传，不用改表头"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={
            "required": gettext_lazy("请选择要导入的表格文件。"), "empty": gettext_lazy("文件是空的，请检查后重新上传。"),
            "invalid": gettext_lazy("文件没有传上来，请重新选择。"),
        },
    )  # fmt: skip

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(
                _("文件超过 %(size)s MB，请删去无关的工作表和图片，或者按乡镇拆成几个文件再上传。")
                % {"size": settings.UPLOAD_MAX_BYTES // (1024 * 1024)}
            )
        return upload


class UploadForm(SheetForm):
    """A spreadsheet and the year its facts belong to."""

    year = forms.TypedChoiceField(
        label=gettext_lazy("数据所属年度"), coerce=int, empty_value=None, required=False,
        help_text=gettext_lazy("不选时取表中“年度”一列；没有这一列就按今年"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [("", _("按表格内容")), *year_choices()]  # type: ignore[attr-defined]


class PeopleUploadForm(SheetForm):
    """A sheet of helpers or teams, and the day from which what it does not date holds."""

    on = forms.DateField(
        label=gettext_lazy("从哪一天起"), widget=DateInput(),
        help_text=gettext_lazy("帮扶队伍名单里没有日期，新的任职和结对从这一天算起；结对名单里写了日期的以名单为准"),
    )  # fmt: skip

    def clean_on(self) -> Any:
        day = self.cleaned_data["on"]
        if not FIRST_DAY <= day <= timezone.localdate():
            raise forms.ValidationError(_("“从哪一天起”在今天之后，或者早于 1990 年，请核对。"))
        return day


class MappingForm(forms.Form):
    """One select for each column that is not known; nothing chosen leaves the column out."""

    year = forms.TypedChoiceField(label=gettext_lazy("数据所属年度"), coerce=int)

    def __init__(self, *args: Any, tables: list[headings.Table], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = year_choices()  # type: ignore[attr-defined]
        options = [(headings.IGNORED, _("不导入这一列")), *headings.choices()]
        self.columns: dict[str, tuple[int, int]] = {}
        for at, table in enumerate(tables):
            for position, column in enumerate(table.columns):
                if column.key:
                    continue
                suggested = headings.suggest(column.heading)
                hint = ""
                if suggested:
                    hint = _("可能是：%(labels)s") % {"labels": _("、").join(str(target.label) for target in suggested)}
                name = f"c-{at}-{position}"
                label = column.heading if len(tables) == 1 else f"{table.sheet}：{column.heading}"
                self.fields[name] = forms.ChoiceField(
                    label=label, choices=options, required=False, initial=headings.IGNORED, help_text=hint
                )
                self.columns[name] = (at, position)

    def chosen(self) -> dict[tuple[int, int], str]:
        """{(table position, column position): key}."""
        return {place: self.cleaned_data[name] or headings.IGNORED for name, place in self.columns.items()}
