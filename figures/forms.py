"""Forms of the map."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from figures import atlas
from regions.models import Region


class TilesForm(forms.Form):
    """Column and row (from 1) of each place below a region."""

    def __init__(self, *args: Any, places: list[Region], at: dict[int, tuple[int, int]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places
        for place in places:
            for n, (part, label) in enumerate((("column", _("列")), ("row", _("行")))):
                self.fields[f"{part}_{place.pk}"] = forms.IntegerField(
                    label=f"{place.name} {label}", min_value=1, max_value=atlas.WIDEST, initial=at[place.pk][n] + 1
                )

    def rows(self) -> list[tuple[Region, Any, Any]]:
        return [(place, self[f"column_{place.pk}"], self[f"row_{place.pk}"]) for place in self.places]

    def tiles(self) -> dict[int, tuple[int, int]]:
        data = self.cleaned_data
        return {place.pk: (data[f"column_{place.pk}"] - 1, data[f"row_{place.pk}"] - 1) for place in self.places}


class PositionsForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("村的位置"), max_length=60_000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("每行一个村：村名或代码、经度、纬度，如：青石村 108.3012 26.5533"),
    )  # fmt: skip


class OutlinesForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("边界文件（GeoJSON）"),
        help_text=gettext_lazy("用县里自己的边界数据；属性里要有和这里一样的名称或代码。"),
    )
