"""The one form of the print centre."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from reports.models import PrintRun


class PrintForm(forms.Form):
    """How to print: year, masked or full, one file or many. What to print is in hidden fields of the page."""

    year = forms.TypedChoiceField(
        label=_("年度"), coerce=lambda v: int(v) if v else None, required=False, empty_value=None
    )
    numbers = forms.ChoiceField(
        label=_("证件号、电话和账号"), choices=[("masked", _("遮盖（平时用这个）")), ("full", _("完整（须写理由，留记录）"))],
        initial="masked", widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("打印完整号码的理由"), required=False, max_length=200, help_text=_("选“完整”时必填，如：入户核对签字。")
    )
    output = forms.ChoiceField(
        label=_("文件形式"), choices=PrintRun.Output.choices, initial=PrintRun.Output.MERGED, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, user: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = [("", _("每户最新年度"))]
        self.fields["year"].choices = newest + [(y, _("%(year)s 年度") % {"year": y}) for y in years]  # type: ignore[attr-defined]
        if not user.can(Permission.LEDGER_PRINT_FULL):
            del self.fields["numbers"], self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["full"] = data.get("numbers") == "full"
        if data["full"] and len(data.get("reason", "").strip()) < 4:
            self.add_error("reason", _("打印完整证件号请写明理由，至少四个字。"))
        return data
