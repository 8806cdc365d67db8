"""Surveys: versioned forms, what was answered, evidence photos, phones, rounds, and the second independent look."""

from surveys.models.device import Device
from surveys.models.form import SurveyForm
from surveys.models.gaps import GapScan
from surveys.models.paper import PaperRun
from surveys.models.photo import SurveyPhoto
from surveys.models.round import SurveyRound
from surveys.models.survey import Survey, SurveyConflict
from surveys.models.verification import Difference, VerificationDraw, VerificationTask

# What the audit trail vouches for (see `common.audit.verify`), as soon as it is a fact: sent, drawn, decided. A phone and a round are on
# record with what changed, a published form is kept by the database, and what a scan found or a run printed is no fact of its own.
VOUCHED = (Survey, SurveyConflict, SurveyPhoto, VerificationDraw, VerificationTask, Difference)

__all__ = [
    "VOUCHED", "Device", "Difference", "GapScan", "PaperRun", "Survey", "SurveyConflict", "SurveyForm", "SurveyPhoto", "SurveyRound", "VerificationDraw", "VerificationTask",
]  # fmt: skip
