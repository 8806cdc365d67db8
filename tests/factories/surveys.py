"""Surveys and what belongs to them. Rows are written raw, like those of households."""

import datetime as dt
import hashlib
import json
import uuid

import factory
from django.utils import timezone

from common.audit import canonical
from common.models import SyncOp
from surveys import models
from tests.factories.accounts import UserFactory
from tests.factories.households import YEAR, HouseholdFactory
from tests.factories.regions import RegionFactory

# A form with one field of every kind that matters, for tests that say what they answer.
SMALL_FORM = {
    "code": "small",
    "version": "1",
    "title": "小调查表",
    "steps": [
        {
            "id": "household",
            "title": "家庭",
            "fields": [
                {"id": "address", "type": "text", "label": "家庭住址", "writes": "household.address"},
                {"id": "phone", "type": "phone", "label": "联系电话", "writes": "household.phone"},
                {
                    "id": "dwelling_area",
                    "type": "decimal",
                    "label": "住房面积",
                    "unit": "㎡",
                    "writes": "year.dwelling_area",
                    "last": True,
                    "hard": [
                        {"if": {">": [{"var": "dwelling_area"}, 2000]}, "say": "住房面积不能超过 2000 ㎡，请核对。"}
                    ],
                    "soft": [
                        {
                            "if": {">": [{"var": "dwelling_area"}, {"*": [3, {"var": "last.dwelling_area"}]}]},
                            "say": "比去年大两倍以上，确定吗？",
                        }
                    ],
                },
                {
                    "id": "water_source",
                    "type": "choice",
                    "list": "water_source",
                    "label": "饮水来源",
                    "writes": "year.water_source",
                    "last": True,
                },
                {"id": "water_safe", "type": "yesno", "label": "饮水安全", "writes": "year.water_safe"},
                {"id": "crop", "type": "money", "label": "种植业收入", "writes": "income.business.crop", "last": True},
                {"id": "wage", "type": "money", "label": "其他工资性收入", "writes": "income.wage.other", "last": True},
                {"id": "wish", "type": "note", "label": "意愿"},
            ],
        },
        {
            "id": "members",
            "title": "家庭成员",
            "repeat": "member",
            "fields": [
                {"id": "name", "type": "text", "label": "姓名", "required": True, "writes": "member.name"},
                {
                    "id": "relation",
                    "type": "choice",
                    "list": "relation",
                    "label": "与户主关系",
                    "required": True,
                    "writes": "member.relation",
                },
                {"id": "id_number", "type": "id_number", "label": "证件号码", "writes": "member.id_number"},
                {"id": "birth_date", "type": "date", "label": "出生日期", "writes": "member.birth_date"},
                {
                    "id": "education",
                    "type": "choice",
                    "list": "education",
                    "label": "文化程度",
                    "writes": "myear.education",
                },
                {"id": "health", "type": "choices", "list": "health", "label": "健康状况", "writes": "myear.health"},
                {
                    "id": "work_months",
                    "type": "integer",
                    "label": "务工时间",
                    "unit": "月",
                    "writes": "myear.work_months",
                },
            ],
        },
        {
            "id": "evidence",
            "title": "照片和确认",
            "fields": [
                {"id": "house_photo", "type": "photo", "label": "房屋照片", "most": 3},
                {"id": "signed", "type": "signature", "label": "户主签名"},
            ],
        },
    ],
}


class SurveyFormFactory(factory.django.DjangoModelFactory):
    """A published version of `SMALL_FORM`; another version with each call. `draft=True`: not published yet."""

    class Meta:
        model = models.SurveyForm

    code = "small"
    version = factory.Sequence(lambda n: f"{n + 1}")
    title = "小调查表"
    definition = factory.LazyAttribute(lambda o: SMALL_FORM | {"code": o.code, "version": o.version, "title": o.title})
    digest = factory.LazyAttribute(lambda o: hashlib.sha256(canonical(o.definition).encode()).hexdigest())
    state = models.SurveyForm.State.PUBLISHED
    created_by = "county"
    published_at = factory.LazyFunction(timezone.now)
    published_by = "county"

    class Params:
        draft = factory.Trait(state=models.SurveyForm.State.DRAFT, published_at=None, published_by="")


class SurveyFactory(factory.django.DjangoModelFactory):
    """A survey that waits for review, with nothing in it. Traits: `draft`, `approved`, `returned`."""

    class Meta:
        model = models.Survey

    form = factory.SubFactory(SurveyFormFactory)
    household = factory.SubFactory(HouseholdFactory)
    year = YEAR
    surveyor = factory.SubFactory(UserFactory)
    state = models.Survey.State.SUBMITTED
    revision = 1
    answers = factory.LazyFunction(lambda: {"values": {}, "members": []})
    began_at = factory.LazyFunction(timezone.now)
    surveyed_on = factory.LazyFunction(timezone.localdate)
    submitted_at = factory.LazyFunction(timezone.now)

    class Params:
        draft = factory.Trait(state=models.Survey.State.DRAFT, revision=0, submitted_at=None)
        approved = factory.Trait(
            state=models.Survey.State.APPROVED,
            decided_by=factory.SubFactory(UserFactory),
            decided_at=factory.LazyFunction(timezone.now),
        )
        returned = factory.Trait(
            state=models.Survey.State.RETURNED,
            decided_by=factory.SubFactory(UserFactory),
            decided_at=factory.LazyFunction(timezone.now),
            decision_note="请补照片",
        )


class SurveyConflictFactory(factory.django.DjangoModelFactory):
    """The dwelling's area, for which the ledger had moved."""

    class Meta:
        model = models.SurveyConflict

    survey = factory.SubFactory(SurveyFactory)
    path = "dwelling_area"
    base = "80"
    answer = "92"
    ledger = "85"


class SurveyPhotoFactory(factory.django.DjangoModelFactory):
    """A photo of a survey that has arrived; its file is nowhere. `arriving=True` for one on its way."""

    class Meta:
        model = models.SurveyPhoto

    survey = factory.SubFactory(SurveyFactory)
    survey_uid = factory.LazyAttribute(lambda o: o.survey.uid if o.survey else uuid.uuid4())
    uploader = factory.LazyAttribute(lambda o: o.survey.surveyor if o.survey else UserFactory())
    path = "house_photo"
    size = 1000
    received = 1000
    sha256 = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    state = models.SurveyPhoto.State.COMPLETE
    width = 40
    height = 30
    completed_at = factory.LazyFunction(timezone.now)

    class Params:
        arriving = factory.Trait(state=models.SurveyPhoto.State.ARRIVING, received=0, completed_at=None)


class DeviceFactory(factory.django.DjangoModelFactory):
    """A phone in use; `revoked=True` for one that was taken back."""

    class Meta:
        model = models.Device

    uid = factory.LazyFunction(uuid.uuid4)
    user = factory.SubFactory(UserFactory)
    label = "红米手机"
    draft_key = "a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U="

    class Params:
        revoked = factory.Trait(revoked_at=factory.LazyFunction(timezone.now))


class QuarantinedFactory(factory.django.DjangoModelFactory):
    """A survey that waits for a decision; `household` is whose it is, `body` what was sent."""

    class Meta:
        model = SyncOp

    class Params:
        household = factory.SubFactory(HouseholdFactory)

    uid = factory.LazyFunction(uuid.uuid4)
    kind = "survey.submit"
    owner = factory.LazyFunction(lambda: UserFactory().username)
    body_sha256 = "0" * 64
    body = factory.LazyAttribute(lambda o: json.dumps(survey_body(o.household, SurveyFormFactory())))
    state = SyncOp.State.QUARANTINED
    receipt = factory.LazyAttribute(
        lambda o: {
            "uid": str(o.uid),
            "state": "quarantined",
            "code": "",
            "say": "不归您调查。",
            "survey": json.loads(o.body)["uid"],
        }
    )
    region_path = factory.LazyAttribute(lambda o: o.household.village.path)
    received_at = factory.LazyFunction(timezone.now)


class RoundFactory(factory.django.DjangoModelFactory):
    """A round of the village's registered households that runs now and is due in a month."""

    class Meta:
        model = models.SurveyRound

    region = factory.SubFactory(RegionFactory)
    year = YEAR
    title = "入户调查"
    starts_on = factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=10))
    due_on = factory.LazyFunction(lambda: timezone.localdate() + dt.timedelta(days=30))
    created_by = "officer"

    class Params:
        overdue = factory.Trait(due_on=factory.LazyFunction(lambda: timezone.localdate() - dt.timedelta(days=1)))
        closed = factory.Trait(closed_at=factory.LazyFunction(timezone.now), closed_by="officer")


class VerificationDrawFactory(factory.django.DjangoModelFactory):
    """A choice by hand in a village."""

    class Meta:
        model = models.VerificationDraw

    region = factory.SubFactory(RegionFactory)
    year = YEAR
    method = models.VerificationDraw.Method.HAND
    size = 1
    population = 1
    reason = "群众反映"
    drawn_by = "officer"


class VerificationTaskFactory(factory.django.DjangoModelFactory):
    """A household to be looked at again by `assignee`."""

    class Meta:
        model = models.VerificationTask

    household = factory.SubFactory(HouseholdFactory)
    draw = factory.SubFactory(VerificationDrawFactory, region=factory.SelfAttribute("..household.village"))
    year = YEAR
    assignee = factory.SubFactory(UserFactory)


class DifferenceFactory(factory.django.DjangoModelFactory):
    """The two surveys disagree on the dwelling's area."""

    class Meta:
        model = models.Difference

    task = factory.SubFactory(VerificationTaskFactory)
    path = "dwelling_area"
    first = "92"
    second = "80"


def survey_body(household, form, *, values=None, members=None, **other):
    """The body of a `survey.submit` as a phone makes it: a first survey of this year. `members` are `{uid: values}` or whole entries."""
    entries = (
        [{"uid": str(uid), "values": own} for uid, own in (members or {}).items()]
        if not isinstance(members, list)
        else members
    )
    today = timezone.localdate()
    return {
        "uid": str(uuid.uuid4()),
        "household": str(household.uid),
        "form": str(form),
        "year": today.year,
        "purpose": "survey",
        "channel": "phone",
        "revision": 0,
        "began_at": timezone.now().isoformat(),
        "surveyed_on": today.isoformat(),
        "answers": {"values": values or {}, "members": entries},
        "base": {},
        "seals": {},
        "same": [],
        "kept": {},
        "effort": {"keystrokes": 12, "typed": 3, "same": 1, "retyped": 0, "seconds": 60},
        "photos": [],
    } | other


def survey_op(body, uid=None):
    """An operation that sends it."""
    return {
        "uid": str(uid or uuid.uuid4()),
        "kind": "survey.submit",
        "made_at": timezone.now().isoformat(),
        "body": body,
    }
