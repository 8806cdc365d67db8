"""Forms of the export pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.places import RegionField
from accounts.roles import Permission
from exchange.forms import SheetForm, year_choices
from exchange.outgoing import fields, kinds, presets
from exchange.outgoing.models import ExportMapping, ExportRun, RowKind
from exchange.outgoing.services import LEAST_REASON, LONGEST_PASSWORD

PRESET, MAPPING = "preset", "mapping"


class ExportForm(forms.Form):
    """In which format, for which year, masked or full. What is exported is in hidden fields of the page."""

    mapping = forms.ChoiceField(
        label=gettext_lazy("导出格式"), error_messages={"required": gettext_lazy("请选择导出格式。")}
    )
    year = forms.TypedChoiceField(label=gettext_lazy("年度"), coerce=int)
    numbers = forms.ChoiceField(
        label=gettext_lazy("证件号、电话和账号"), initial="masked", widget=forms.RadioSelect,
        choices=[("masked", gettext_lazy("遮盖（平时用这个）")), ("full", gettext_lazy("完整（须写理由，留记录）"))],
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("导出完整号码的理由"), required=False, max_length=200,
        help_text=gettext_lazy("选“完整”时必填，如：上报省级系统比对。"),
    )  # fmt: skip
    output = forms.ChoiceField(
        label=gettext_lazy("文件形式"), choices=ExportRun.Output.choices, initial=ExportRun.Output.XLSX, widget=forms.RadioSelect
    )  # fmt: skip
    only_changed = forms.BooleanField(
        label=gettext_lazy("只导出上次以后有变化的行"), required=False,
        help_text=gettext_lazy("与您上一次用同样的格式、年度和条件导出的文件比较；不再包含的行另外列出。"),
    )  # fmt: skip

    page = kinds.OfHouseholds.page  # whose kinds of rows it offers

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row_kinds = kinds.on_page(self.page)
        saved = ExportMapping.objects.for_user(user).filter(row_kind__in=row_kinds)
        self.mappings = {str(one.pk): one for one in saved}
        own = [(f"{MAPPING}:{pk}", one.name) for pk, one in self.mappings.items() if one.region_id is None]
        shared = [(f"{MAPPING}:{pk}", one.name) for pk, one in self.mappings.items() if one.region_id is not None]
        ready = [(f"{PRESET}:{code}", name) for code, name in presets.names(row_kinds)]
        groups = [(_("我的格式"), own), (_("县里共享的格式"), shared), (_("现成的格式"), ready)]
        self.fields["mapping"].choices = [("", _("请选择")), *((name, found) for name, found in groups if found)]  # type: ignore[attr-defined]
        self.fields["year"].choices = year_choices()  # type: ignore[attr-defined]
        if not user.can(Permission.PII_REVEAL) or not kinds.of(row_kinds[0]).has_numbers:
            del self.fields["numbers"], self.fields["reason"]

    def clean_mapping(self) -> Any:
        kind, _colon, code = self.cleaned_data["mapping"].partition(":")
        return self.mappings[code] if kind == MAPPING else presets.preset(code)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["full"] = data.get("numbers") == "full"
        if data["full"] and len(data.get("reason", "").strip()) < LEAST_REASON:
            self.add_error("reason", _("导出完整号码请写明理由，至少四个字。"))
        return data


class VillagesForm(ExportForm):
    """Of which region, in which format, for which year. `filterset` says which regions there are."""

    page = kinds.OfVillages.page
    region = RegionField(label=gettext_lazy("地区"), required=False)
    field_order = ("region", "mapping", "year", "output", "only_changed")

    def __init__(self, *args: Any, filterset: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].choices = filterset.form.fields["region"].choices  # type: ignore[attr-defined]
        ready = presets.names(kinds.on_page(self.page))
        self.initial.setdefault("mapping", f"{PRESET}:{ready[0][0]}")


class PasswordForm(forms.Form):
    """The password that a downloaded file opens with. It is used once and kept nowhere."""

    password = forms.CharField(
        label=gettext_lazy("打开密码"), strip=False, max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("至少 8 个字符。系统不保存密码，忘了就打不开，只能重新下载；请不要和文件一起发送。"),
        error_messages={"required": gettext_lazy("请填写打开密码。")},
    )  # fmt: skip


class MappingNewForm(forms.Form):
    """A new format: its name, and what it begins with."""

    name = forms.CharField(
        label=gettext_lazy("名称"), max_length=40, error_messages={"required": gettext_lazy("请给导出格式起个名称。")}
    )
    begin = forms.ChoiceField(label=gettext_lazy("从哪里开始"), required=False)
    file = forms.FileField(
        label=gettext_lazy("或者上传上级的空表"), required=False, widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text=gettext_lazy("只读表头，按表头自动对应；对应不上的列留空。"),
        error_messages={"empty": gettext_lazy("文件是空的，请检查后重新上传。")},
    )  # fmt: skip
    row_kind = forms.ChoiceField(label=gettext_lazy("一行是什么"), required=False)
    shared = forms.BooleanField(label=gettext_lazy("全县共享"), required=False)

    clean_file_size = SheetForm.clean_file

    def __init__(self, *args: Any, user: Any, may_share: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mappings = {str(one.pk): one for one in ExportMapping.objects.for_user(user)}
        ready = [(f"{PRESET}:{code}", name) for code, name in presets.names()]
        kept = [(f"{MAPPING}:{pk}", one.name) for pk, one in self.mappings.items()]
        groups = [(_("现成的格式"), ready), (_("复制已有的格式"), kept)]
        self.fields["begin"].choices = [("", _("空白")), *((name, found) for name, found in groups if found)]  # type: ignore[attr-defined]
        self.fields["row_kind"].choices = [("", _("按表头判断")), *RowKind.choices]  # type: ignore[attr-defined]
        if not may_share:
            del self.fields["shared"]

    def clean_file(self) -> Any:
        return self.clean_file_size() if self.cleaned_data.get("file") else None

    def beginning(self) -> Any:
        """The preset or mapping it begins with, None for a blank one."""
        kind, _colon, code = (self.cleaned_data.get("begin") or "").partition(":")
        return {PRESET: presets.preset, MAPPING: self.mappings.get}.get(kind, lambda code: None)(code)


class ColumnsForm:
    """The table of columns, as it comes from the page: `columns` in their new order, with what was added and without what was struck out.

    Inputs of column n: heading-n, field-n, form-n, place-n, drop-n. Buttons: move="up-n" or "down-n". Added: add=[key of a field], blank=heading.
    """

    def __init__(self, data: Mapping[str, Any], row_kind: str) -> None:
        self.data, self.row_kind = data, row_kind

    def columns(self) -> list[dict[str, str]]:
        found: list[tuple[float, int, dict[str, str]]] = []
        count = self._number("count", 0)
        move, _dash, moved = str(self.data.get("move", "")).partition("-")
        for at in range(min(count, 1000)):
            if self.data.get(f"drop-{at}"):
                continue
            place = float(self._number(f"place-{at}", at + 1))
            if moved == str(at):
                place += {"up": -1.5, "down": 1.5}.get(move, 0)
            elif place < at + 1:
                place -= 0.5  # moved to the place of another, it stands before it
            elif place > at + 1:
                place += 0.5
            column = {part: str(self.data.get(f"{part}-{at}", "")) for part in ("heading", "field", "form")}
            found.append((place, at, column))
        columns = [column for _place, _at, column in sorted(found, key=lambda one: one[:2])]
        return columns + self._added()

    def _added(self) -> list[dict[str, str]]:
        keys = self.data.getlist("add")  # type: ignore[attr-defined]
        known = [fields.BY_KEY[key] for key in keys if key in fields.BY_KEY]
        found = [{"heading": one.heading, "field": one.key, "form": fields.LABEL} for one in known]
        blank = str(self.data.get("blank", "")).strip()
        return [*found, *([{"heading": blank, "field": "", "form": fields.LABEL}] if blank else [])]

    def _number(self, name: str, other: int) -> int:
        text = str(self.data.get(name, ""))
        return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else other
