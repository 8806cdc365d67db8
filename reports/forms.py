"""The one form of the print centre."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from reports.kinds import Kind
from reports.models import PrintRun

Output = PrintRun.Output
SHEETS = {"A4": _("A4"), "A3": _("A3 横放"), "A5": _("A5 横放")}
FOLDED = _("A3 双面对折成册（A4 两页拼一张）")


class PrintForm(forms.Form):
    """How to print papers of one kind: year, masked or full, sheet, one file or many. What to print is in hidden fields of the page."""

    year = forms.TypedChoiceField(
        label=_("年度"), coerce=lambda v: int(v) if v else None, required=False, empty_value=None
    )
    sheet = forms.ChoiceField(label=_("纸张"), widget=forms.RadioSelect)
    numbers = forms.ChoiceField(
        label=_("证件号、电话和账号"), choices=[("masked", _("遮盖（平时用这个）")), ("full", _("完整（须写理由，留记录）"))],
        initial="masked", widget=forms.RadioSelect,
    )  # fmt: skip
    reason = forms.CharField(
        label=_("打印完整号码的理由"), required=False, max_length=200, help_text=_("选“完整”时必填，如：入户核对签字。")
    )
    output = forms.ChoiceField(label=_("文件形式"), widget=forms.RadioSelect)

    def __init__(
        self, *args: Any, user: Any, kind: Kind, villages: int, most_merged: bool, years: list[int], **kwargs: Any
    ) -> None:
        """`villages` is of how many; `most_merged` that one file of all would be too large."""
        super().__init__(*args, **kwargs)
        self.kind = kind
        newest = [("", _("每户最新年度"))]
        self.fields["year"].choices = newest + [(y, _("%(year)s 年度") % {"year": y}) for y in years]  # type: ignore[attr-defined]
        names = SHEETS | ({"A3": FOLDED} if kind.folded else {})
        self.fields["sheet"].choices = [(code, names[code]) for code in kind.sheets]  # type: ignore[attr-defined]
        self.fields["sheet"].initial = kind.sheets[0]
        outputs = _outputs(kind, villages, most_merged)
        self.fields["output"].choices = [(o.value, o.label) for o in outputs]  # type: ignore[attr-defined]
        self.fields["output"].initial = outputs[0]
        if not kind.has_year:
            del self.fields["year"]
        if len(kind.sheets) == 1:
            del self.fields["sheet"]
        if kind.full is None or not user.can(kind.full):
            del self.fields["numbers"], self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["full"] = data.get("numbers") == "full"
        if data["full"] and len(data.get("reason", "").strip()) < 4:
            self.add_error("reason", _("打印完整证件号请写明理由，至少四个字。"))
        return data


def _outputs(kind: Kind, villages: int, most_merged: bool) -> list[Output]:
    found = [] if most_merged else [Output.MERGED]
    if villages > 1:
        found.append(Output.VILLAGES)
    if not kind.of_village:
        found.append(Output.ZIPPED)
    return found or [Output.MERGED]
