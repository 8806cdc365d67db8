"""How every form of the pages is drawn, and the few controls Django does not have: money, counts, days, identity numbers."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.money import format_money

YUAN = _("元")


class FieldRenderer(TemplatesSetting):
    """Label, hint, error, control, in that order, for every field of every form."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
    formset_template_name = "components/formset.html"


def plain_number(value: Any) -> Any:
    """Typed text without separators, full-width digits made ordinary: "１２,０００" -> "12000"."""
    if not isinstance(value, str):
        return value
    return unicodedata.normalize("NFKC", value).replace(",", "").replace(" ", "").removesuffix("元")


class MoneyInput(forms.TextInput):
    """Yuan with separators, the reading in words, and an amber question when far from `last` (last year's sum; None = no question)."""

    element = "money-field"

    def __init__(
        self, attrs: dict[str, Any] | None = None, *, last: Decimal | int | None = None, unit: Any = YUAN
    ) -> None:
        super().__init__(
            {"inputmode": "decimal", "autocomplete": "off", "maxlength": "20", "data-unit": unit} | (attrs or {})
        )
        if last is not None:
            self.attrs["data-last"] = str(last)

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, Decimal | int):
            return format_money(value)
        return super().format_value(value)


class MoneyField(forms.DecimalField):
    """A sum in yuan. Accepts separators and full-width digits; two decimals.

    `last` is last year's sum: the page asks, never blocks, when the new one is five times as much or a fifth.
    """

    widget = MoneyInput

    def __init__(self, *, last: Decimal | int | None = None, unit: Any = YUAN, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("widget", MoneyInput(last=last, unit=unit))
        kwargs["error_messages"] = {"invalid": _("请写成数字，例如 12,000。")} | (kwargs.get("error_messages") or {})
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python(plain_number(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(initial, plain_number(data))


class CountInput(forms.TextInput):
    """A whole or decimal number with its unit (人, 亩, 平方米) behind it."""

    def __init__(self, attrs: dict[str, Any] | None = None, *, unit: Any = "", decimal: bool = False) -> None:
        mode = "decimal" if decimal else "numeric"
        super().__init__(
            {"inputmode": mode, "autocomplete": "off", "maxlength": "20", "data-unit": unit} | (attrs or {})
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return plain_number(super().value_from_datadict(data, files, name))


class DateInput(forms.DateInput):
    """The device's own date control; the value travels as 2026-03-15."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class IdCardInput(forms.TextInput):
    """An 18-character identity number: the browser checks it while typing and fills birthday and sex.

    `birthday`, `sex`, `document` are ids of inputs on the same page; the last one, when its value is not empty and not
    "id", switches the check off (military and foreign papers have no check digit).
    """

    element = "id-card-field"

    def __init__(
        self, attrs: dict[str, Any] | None = None, *, birthday: str = "", sex: str = "", document: str = ""
    ) -> None:
        super().__init__({"autocomplete": "off", "maxlength": "40", "spellcheck": "false"} | (attrs or {}))
        targets = {"data-birthday": birthday, "data-sex": sex, "data-document": document}
        self.attrs |= {key: value for key, value in targets.items() if value}


class IdCardField(forms.CharField):
    """Strips, makes full-width characters ordinary and x big. What a valid number is remains the business of the form's owner."""

    def __init__(self, *, birthday: str = "", sex: str = "", document: str = "", **kwargs: Any) -> None:
        kwargs.setdefault("widget", IdCardInput(birthday=birthday, sex=sex, document=document))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return unicodedata.normalize("NFKC", super().to_python(value) or "").replace(" ", "").upper()


class LightSelect(forms.Select):
    """A select without option groups, drawn in one go: a template for every option would be a third of a filtered list's time."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        options = ((key, SafeString(" selected") if str(key) in chosen else "", label) for key, label in self.choices)
        return format_html(
            "<select{}>{}</select>",
            flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})})),
            format_html_join("", '<option value="{}"{}>{}</option>', options),
        )
