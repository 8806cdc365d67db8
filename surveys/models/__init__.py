"""Surveys: versioned forms, what was answered, evidence photos, phones, rounds, and the second independent look."""

from surveys.models.device import Device
from surveys.models.form import SurveyForm
from surveys.models.gaps import GapScan
from surveys.models.paper import PaperRun
from surveys.models.photo import SurveyPhoto
from surveys.models.round import SurveyRound
from surveys.models.survey import Survey, SurveyConflict
from surveys.models.verification import Difference, VerificationDraw, VerificationTask

__all__ = [
    "Device", "Difference", "GapScan", "PaperRun", "Survey", "SurveyConflict", "SurveyForm", "SurveyPhoto", "SurveyRound", "VerificationDraw", "VerificationTask",
]  # fmt: skip
