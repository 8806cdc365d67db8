"""Verbs of surveys. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""

from surveys.services.devices import hand_back_key, pack_taken, register_device, revoke_device
from surveys.services.drafts import save_draft
from surveys.services.photos import put_piece
from surveys.services.quarantine import accept, discard
from surveys.services.submit import submit_survey, withdraw_survey

__all__ = [
    "accept", "discard", "hand_back_key", "pack_taken", "put_piece", "register_device", "revoke_device", "save_draft", "submit_survey",
    "withdraw_survey",
]  # fmt: skip
