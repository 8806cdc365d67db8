"""Verbs of surveys. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""

from surveys.services.devices import hand_back_key, pack_taken, register_device, revoke_device
from surveys.services.drafts import save_draft
from surveys.services.photos import put_piece
from surveys.services.quarantine import accept, discard
from surveys.services.review import approve_batch, approve_survey, return_survey
from surveys.services.submit import submit_survey, withdraw_survey
from surveys.services.verification import assign, cancel_task, complete, draw_random, pick_by_hand, resolve

__all__ = [
    "accept", "approve_batch", "approve_survey", "assign", "cancel_task", "complete", "discard", "draw_random", "hand_back_key", "pack_taken",
    "pick_by_hand", "put_piece", "register_device", "resolve", "return_survey", "revoke_device", "save_draft", "submit_survey",
    "withdraw_survey",
]  # fmt: skip
