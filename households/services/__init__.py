"""Every change of a household file is a verb here. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""

from households.services.annual import correct_year, open_year, set_income, totals
from households.services.base import LedgerError
from households.services.hand_overs import hand_over
from households.services.household import (
    change_householder,
    close_household,
    correct_household,
    follow_merge,
    may_edit,
    merge_households,
    move_household,
    register_household,
    reopen_household,
    split_household,
)  # fmt: skip
from households.services.kinship import declare_kin, end_kinship
from households.services.matching import (
    apply_matching,
    discard_matching,
    propose_matching,
    retry_matching,
    start_applying,
)
from households.services.members import add_member, correct_member, correct_member_year, remove_member, return_member
from households.services.pairing import begin_point, change_lead, end_pairing, end_point, pair, replace_helper
from households.services.photos import add_photo, remove_photo
from households.services.record import Joining, Leaving, Picture, Record, RecordError, room_for_photos, write_record
from households.services.reveal import reveal
from households.services.rules import set_pairing_rule
from households.services.status import change_status, decide_status, propose_status, withdraw_status

__all__ = [
    "Joining", "Leaving", "LedgerError", "Picture", "Record", "RecordError", "add_member", "add_photo", "apply_matching", "begin_point",
    "change_householder", "change_lead", "change_status", "close_household", "correct_household", "correct_member", "correct_member_year", "correct_year",
    "decide_status", "declare_kin", "discard_matching", "end_kinship", "end_pairing", "end_point", "follow_merge", "hand_over", "may_edit",
    "merge_households", "move_household", "open_year", "pair", "propose_matching", "propose_status", "register_household", "remove_member",
    "remove_photo", "reopen_household", "replace_helper", "retry_matching", "return_member", "reveal", "room_for_photos", "set_income", "set_pairing_rule",
    "split_household", "start_applying", "totals", "withdraw_status", "write_record",
]  # fmt: skip
