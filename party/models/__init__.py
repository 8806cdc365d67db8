"""Party building in villages: branches and their people, the four classrooms, what branches hold, facilities, and the rules of it all."""

from party.models.branch import Branch, BranchPost
from party.models.classroom import Attendance, Classroom, Course, Form, Session, SignInFailure
from party.models.evidence import PartyEvidence
from party.models.facility import Facility
from party.models.life import Activity, Kind, Presence
from party.models.people import (
    COMING,
    CONFIRMED,
    MEMBERS,
    ORDER,
    PartyPerson,
    Stage,
    StageChange,
    StageProposal,
)
from party.models.rules import ActivityRule, PartyRule, Period

# Every table whose rows the audit trail vouches for (see `common.audit.verify`).
VOUCHED = (
    Branch, BranchPost, PartyPerson, StageChange, StageProposal, Course, Session, Attendance, Activity, Presence, Facility, PartyRule,
    ActivityRule, PartyEvidence,
)  # fmt: skip

__all__ = [
    "COMING", "CONFIRMED", "MEMBERS", "ORDER", "VOUCHED", "Activity", "ActivityRule", "Attendance", "Branch", "BranchPost", "Classroom",
    "Course", "Facility", "Form", "Kind", "PartyEvidence", "PartyPerson", "PartyRule", "Period", "Presence", "Session", "SignInFailure",
    "Stage", "StageChange", "StageProposal",
]  # fmt: skip
