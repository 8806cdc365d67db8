"""村情: what of a village matters to who comes to help there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.scoping import require_in
from cadres import codelists
from cadres.models import VillageProfile
from cadres.services.base import EDIT, codes_of, require_village, save, text_of
from common import audit
from regions.models import Region

COARSE = Decimal("0.01")  # of a degree, about 1 km: no nearer than a village


@transaction.atomic
def put_profile(*, village: Region, by: Any, languages: Sequence[str] = (), industries: Sequence[str] = (), longitude: Any = None,
                latitude: Any = None, note: str = "") -> VillageProfile:  # fmt: skip
    """Everything that is known of the village, in place of what was known before. Places are kept to two decimals of a degree."""
    require_in(by, EDIT, village)
    require_village(village)
    Region.objects.select_for_update(of=("self",)).get(pk=village.pk)
    profile = VillageProfile.objects.filter(village=village).first() or VillageProfile(village=village)
    before = audit.snapshot(profile) if profile.pk else {}
    profile.languages = codes_of(languages, codelists.LANGUAGES, "languages")
    profile.industries = codes_of(industries, codelists.SKILLS, "industries")
    profile.longitude = _degrees(longitude, "longitude", 73, 136)
    profile.latitude = _degrees(latitude, "latitude", 3, 54)
    if (profile.longitude is None) != (profile.latitude is None):
        raise ValidationError({"latitude": [_("经度和纬度要一起填，或者都不填。")]})
    profile.note = text_of(note, "note", 300)
    if changes := audit.changes_since(before, profile):
        save(profile)
        audit.record(
            "villageprofile.put", by=by, target=profile, region_path=village.path, changes=changes, note=village.name, rows=[profile]
        )  # fmt: skip
    return profile


def _degrees(value: Any, field: str, low: int, high: int) -> Decimal | None:
    if value in (None, ""):
        return None
    wrong = _("应是 %(low)s 到 %(high)s 之间的度数，如 104.25，请核对。") % {"low": low, "high": high}
    try:
        degrees = Decimal(str(value)).quantize(COARSE)
    except InvalidOperation:
        raise ValidationError({field: [wrong]}) from None
    if not (degrees.is_finite() and low <= degrees <= high):
        raise ValidationError({field: [wrong]})
    return degrees
