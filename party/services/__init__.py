"""Verbs of party building: branches and posts, people and their steps, courses and sessions, what branches hold, facilities, rules."""

from party.services.able import mark_able, unmark_able
from party.services.base import PartyError
from party.services.branches import change_branch, close_branch, end_post, open_branch, take_post
from party.services.courses import change_course, open_course, retire_course
from party.services.facilities import change_facility, check_facility, register_facility, remove_facility
from party.services.life import add_activity_photo, change_activity, hold_activity, remove_activity
from party.services.people import change_person, register_member, register_person, remove_person, return_person
from party.services.photos import remove_photo
from party.services.rules import put_party_rule, set_activity_rule
from party.services.sessions import (
    add_session_photo,
    cancel_session,
    change_session,
    close_sign_in,
    count_as_lecture,
    hold_session,
    plan_session,
    set_attendance,
)
from party.services.signing_in import sign_in, sign_in_cadre
from party.services.steps import confirm_steps, propose_step, refuse_step, take_step, undo_step, withdraw_step

__all__ = [
    "PartyError", "add_activity_photo", "add_session_photo", "cancel_session", "change_activity", "change_branch", "change_course", "change_facility",
    "change_person", "change_session", "check_facility", "close_branch", "close_sign_in", "confirm_steps", "count_as_lecture", "end_post",
    "hold_activity", "hold_session", "mark_able", "open_branch", "open_course", "plan_session", "propose_step", "put_party_rule", "refuse_step",
    "register_facility", "register_member", "register_person", "remove_activity", "remove_facility", "remove_person", "remove_photo", "retire_course",
    "return_person", "set_activity_rule", "set_attendance", "sign_in", "sign_in_cadre", "take_post", "take_step", "undo_step", "unmark_able",
    "withdraw_step",
]  # fmt: skip
