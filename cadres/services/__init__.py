"""Verbs of the people who help: units, cadres, resident teams, villages, and the opening of many accounts from one sheet."""

from cadres.services.accounts_sheet import (
    Checked,
    SheetError,
    SheetRow,
    check_sheet,
    open_accounts_from_sheet,
)
from cadres.services.base import CadreError
from cadres.services.cadres import (
    change_cadre,
    deactivate_cadre,
    link_account,
    move_cadre,
    open_cadre,
    open_cadres,
    restore_cadre,
)
from cadres.services.teams import (
    begin_team,
    change_duty,
    change_team,
    change_term,
    drop_rule,
    end_team,
    join_team,
    leave_team,
    open_access,
    put_rule,
)
from cadres.services.units import answer_for, change_unit, close_unit, open_unit, reopen_unit, stop_answering
from cadres.services.villages import put_profile

__all__ = [
    "CadreError", "Checked", "SheetError", "SheetRow", "answer_for", "begin_team", "change_cadre", "change_duty", "change_team", "change_term",
    "change_unit", "check_sheet", "close_unit", "deactivate_cadre", "drop_rule", "end_team", "join_team", "leave_team", "link_account",
    "move_cadre", "open_access", "open_accounts_from_sheet", "open_cadre", "open_cadres", "open_unit", "put_profile", "put_rule", "reopen_unit",
    "restore_cadre", "stop_answering",
]  # fmt: skip
