"""A certificate that begins with an ID number is masked as that number is, so that a search by last digits can look in the mask.

The mask is part of a row's digest, so each change is an event of its own. A row that is not as its last event left it is not touched:
`verify_history` goes on naming it.
"""

import json

from cryptography.fernet import InvalidToken
from django.db import migrations
from django.db.models.functions import Length

from common import audit, pii

DERIVED = ("uid", "name_grams", "pinyin", "initials", "created_at")  # `Member.audit_skip` of this version


def mask_again(apps, schema_editor):
    member = apps.get_model("households", "Member")
    member.audit_skip = DERIVED
    longer = member.objects.annotate(length=Length("id_masked")).filter(length__gt=pii.ID_LENGTH)
    for row in longer.select_related("household__village").order_by("pk").iterator(chunk_size=500):
        try:
            masked = pii.mask_id(row.id_number.reveal())
        except InvalidToken:
            continue
        if masked == row.id_masked or audit.row_digest(row) != _recorded(row):
            continue
        old, row.id_masked = row.id_masked, masked
        member.objects.filter(pk=row.pk).update(id_masked=masked)
        audit.record(
            "member.corrected", by="console", target=audit.row_key(row), subject=f"household/{row.household_id}",
            region_path=row.household.village.path, changes={f"member:{row.name}:id_masked": [old, masked]}, rows=[row],
        )  # fmt: skip


def _recorded(row):
    """The digest that the last event about a row recorded, or None."""
    key = audit.row_key(row)
    for body in audit.trail_of(f"household/{row.household_id}").values_list("body", flat=True).iterator():
        digests = json.loads(body)["rows"]
        if key in digests:
            return digests[key]
    return None


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0005_saved_views_of_lists"),
        ("common", "0002_audit_chain"),
    ]

    operations = [migrations.RunPython(mask_again, migrations.RunPython.noop)]
