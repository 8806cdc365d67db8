"""The upload form of the account sheet."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SheetForm(forms.Form):
    file = forms.FileField(
        label=_("填好的表格"), help_text=_(".xlsx、.xls 或 .csv，最多 500 行。"),
        widget=forms.FileInput({"accept": ".xlsx,.xls,.csv"}),
    )  # fmt: skip
