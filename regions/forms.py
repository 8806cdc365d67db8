"""Shapes of the region pages; what the tree allows is decided by the verbs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import DateInput
from regions.models import Region

MOST_PARTS = 4


def _name(**kwargs: Any) -> forms.CharField:
    return forms.CharField(label=_("名称"), max_length=60, widget=forms.TextInput({"autocomplete": "off"}), **kwargs)


def _code(hint: Any = "", **kwargs: Any) -> forms.CharField:
    attrs = {"autocomplete": "off"}
    return forms.CharField(
        label=_("区划代码"), max_length=20, required=False, help_text=hint, widget=forms.TextInput(attrs), **kwargs
    )


def _day() -> forms.DateField:
    return forms.DateField(
        label=_("生效日期"),
        initial=timezone.localdate,
        widget=DateInput(),
        help_text=_("批文上写的日期，不能晚于今天。"),
    )


class AddForm(forms.Form):
    name = _name()
    code = _code(_("12 位；空着就按顺序编一个。"))
    on = _day()


class RenameForm(forms.Form):
    name = _name()
    on = _day()


class RecodeForm(forms.Form):
    code = _code(_("12 位，乡镇可只写前 9 位。"))
    on = _day()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = True


class CloseForm(forms.Form):
    on = _day()


class MergeForm(forms.Form):
    """Which regions of one parent become one, and which one that is."""

    old = forms.ModelMultipleChoiceField(
        label=_("要合并的"), queryset=Region.objects.none(), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请选择要合并的。")},
    )  # fmt: skip
    into = forms.ModelChoiceField(
        label=_("并入"), queryset=Region.objects.none(), required=False, empty_label=_("新设一个（在下面写名称）"),
        help_text=_("并入其中一个时，那一个保留名称和代码。"),
    )  # fmt: skip
    name = _name(required=False)
    code = _code(_("新设时填，12 位；空着就按顺序编一个。"))
    on = _day()
    note = forms.CharField(label=_("依据"), max_length=200, required=False, help_text=_("例如批文的文号。"))

    def __init__(self, *args: Any, parent: Region, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        below = Region.objects.filter(parent=parent, valid_to=None).order_by("code")
        self.fields["old"].queryset = below  # type: ignore[attr-defined]
        self.fields["into"].queryset = below  # type: ignore[attr-defined]
        self.fields["name"].label = _("新名称")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not cleaned.get("into") and not cleaned.get("name") and not self.errors:
            self.add_error("name", _("请选择并入哪一个，或者写出新名称。"))
        return cleaned


class PartForm(forms.Form):
    name = _name(required=False)
    code = _code(_("空着就按顺序编一个。"))


PartFormSet = forms.formset_factory(PartForm, extra=2, max_num=MOST_PARTS, validate_max=True)


class SplitForm(forms.Form):
    on = _day()
    note = forms.CharField(label=_("依据"), max_length=200, required=False, help_text=_("例如批文的文号。"))
