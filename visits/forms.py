"""Forms of visits: what a visit says, why one is void, what a rule asks for. What can be is the verb's to say."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import CountInput, DateInput
from regions.models import Region
from visits.codelists import MET, SEEN
from visits.models import Capacity, Manner, VisitRule
from visits.sent import MOST_PHOTOS, MOST_TEXT
from visits.services.record import MOST_REASON


class PhotosInput(forms.ClearableFileInput):
    """Several photos of the phone's camera or gallery."""

    template_name = "django/forms/widgets/file.html"
    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__({"accept": "image/*", "multiple": True})


class PhotosField(forms.FileField):
    """All files of the control, as a list."""

    widget = PhotosInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(PhotosField, self).clean(each, initial) for each in data or []]


class VisitForm(forms.Form):
    """One visit or call. `body` is what the verb takes."""

    uid = forms.UUIDField(widget=forms.HiddenInput)
    manner = forms.ChoiceField(label=_("方式"), choices=Manner.choices, widget=forms.RadioSelect, initial=Manner.VISIT)
    on = forms.DateField(label=_("走访日期"), widget=DateInput())
    met = forms.MultipleChoiceField(label=_("见到谁"), choices=MET.choices, widget=forms.CheckboxSelectMultiple)
    seen = forms.MultipleChoiceField(
        label=_("看到什么"), choices=SEEN.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    text = forms.CharField(
        label=_("一句话记录"), max_length=MOST_TEXT, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("说说这次的情况，如：老人出院了，药费还没报销。"),
    )  # fmt: skip
    asked = forms.CharField(
        label=_("农户诉求"), max_length=MOST_TEXT, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("农户的原话；填了就登记为服务诉求，有人受理和答复。"),
    )  # fmt: skip
    photos = PhotosField(
        label=_("照片"), required=False, help_text=_("最多 %(count)s 张，每张不超过 10 MB。") % {"count": MOST_PHOTOS}
    )
    next_on = forms.DateField(label=_("下次走访"), required=False, widget=DateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("uid", uuid.uuid4())
        self.initial.setdefault("on", timezone.localdate())

    def body(self, household: Any) -> dict[str, Any]:
        """As `visits.sent` reads it."""
        data = self.cleaned_data
        return {
            "uid": str(data["uid"]), "household": str(household.uid), "manner": data["manner"], "on": data["on"].isoformat(), "met": data["met"],
            "seen": data["seen"], "text": data["text"], "asked": data["asked"], "place": None, "photos": [],
            "next_on": data["next_on"].isoformat() if data["next_on"] else None,
        }  # fmt: skip


class VoidForm(forms.Form):
    reason = forms.CharField(
        label=_("作废理由"), max_length=MOST_REASON, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("写明为什么作废，如：记错了户。作废的记录仍可查看，不再计入走访次数。"),
    )  # fmt: skip


class RuleForm(forms.Form):
    """What is asked from a day on; of the same capacity, manner and audience in the same place it replaces what was asked before."""

    region = forms.ChoiceField(label=_("范围"))
    capacity = forms.ChoiceField(label=_("谁走访"), choices=Capacity.choices)
    manner = forms.ChoiceField(label=_("方式"), choices=Manner.choices, widget=forms.RadioSelect, initial=Manner.VISIT)
    audience = forms.ChoiceField(
        label=_("对象"),
        choices=VisitRule.Audience.choices,
        widget=forms.RadioSelect,
        initial=VisitRule.Audience.REGISTERED,
    )
    period = forms.ChoiceField(label=_("周期"), choices=VisitRule.Period.choices)
    least = forms.IntegerField(label=_("至少次数"), min_value=1, max_value=31, widget=CountInput(unit=_("次")))
    starts_on = forms.DateField(label=_("起始日期"), widget=DateInput())

    def __init__(self, *args: Any, regions: list[Region], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.regions = {str(region.pk): region for region in regions}
        choices: list[tuple[str, Any]] = [(pk, region.full_name or region.name) for pk, region in self.regions.items()]
        self.fields["region"].choices = choices  # type: ignore[attr-defined]
        self.initial.setdefault("starts_on", timezone.localdate())

    def facts(self) -> dict[str, Any]:
        return {**self.cleaned_data, "region": self.regions[self.cleaned_data["region"]]}


class EndForm(forms.Form):
    ends_on = forms.DateField(
        label=_("停用日期"), widget=DateInput(), help_text=_("从这一天起不再要求。已经过去的周期不变。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("ends_on", timezone.localdate())
