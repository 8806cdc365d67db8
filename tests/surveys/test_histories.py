"""Two phones survey the same household offline while office and reviewers work on: whatever the order, no value is lost.

What somebody typed is in the ledger, or in a survey that waits, or in a conflict that names both values; and what stood in the ledger
is written over only where the surveyor had seen it or a reviewer has chosen.
"""

from __future__ import annotations

import copy
import json
import uuid
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from accounts.roles import Role
from common import sync
from common.models import SyncOp
from households.models import Household, Member, Pairing
from households.services import correct_household, correct_member_year, correct_year, set_income
from surveys import published
from surveys.models import Survey, SurveyConflict
from surveys.pack import pack_of_one
from surveys.prefill import values_of
from surveys.services import accept
from surveys.services.review import ReviewError, approve_survey, return_survey
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    PairingFactory,
    PostingFactory,
    RegionFactory,
    SurveyFormFactory,
    UnitFactory,
    UserFactory,
    survey_body,
    survey_op,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
YEAR = timezone.localdate().year
HEAD = "head/"  # stands for the householder's uid in the steps below
POOL = {
    "address": ["一组1号", "二组2号"],
    "dwelling_area": ["70", "85", "92.5"],
    "water_source": ["tap", "well"],
    "crop": ["0", "100", "250"],
    "wish": ["学电焊", "养羊"],
    f"{HEAD}education": ["02", "03"],
    f"{HEAD}work_months": [0, 6],
}

NAMES = sorted(POOL)
# A round in which everything happens once, in any order: both go, both send, somebody in the office decides and corrects.
ROUND = ["visit", "visit", "send", "send", "approve", "approve", "office", "return", "fetch", "type"]
RARE = [*ROUND, "unpair", "accept"]


@st.composite
def histories(draw, rounds):
    """[(what, arguments …)]: rounds in any order, a rare thing now and then."""
    random = draw(st.randoms(use_true_random=False))

    def typed():
        name = random.choice(NAMES)
        return name, random.choice([*POOL[name], None])

    story = []
    for _n in range(draw(st.integers(1, rounds))):
        turn = list(random.choice([ROUND, ROUND, RARE]))
        random.shuffle(turn)
        both = {what: random.sample([0, 1], 2) for what in ("visit", "send")}
        for what in turn:
            match what:
                case "visit":
                    story.append((what, both[what].pop(), [typed() for _k in range(random.randint(1, 3))]))
                case "type":
                    story.append((what, random.randint(0, 1), [typed()]))
                case "send":
                    story.append((what, both[what].pop(), random.random() < 0.7))
                case "fetch":
                    story.append((what, random.randint(0, 1)))
                case "office":
                    story.append((what, typed()))
                case "approve":
                    story.append((what, [random.random() < 0.5 for _k in range(len(POOL))]))
                case _:
                    story.append((what,))
    return story


class Phone:
    """A phone that knows what it fetched, what was typed on it and what it has sent; nothing else."""

    def __init__(self, user, story, entry):
        self.user, self.story = user, story
        self.entry = copy.deepcopy(entry)
        self.draft = None
        self.outbox = []

    def fetch(self):
        if self.user.pk not in self.story.out:
            self.entry = pack_of_one(fresh(self.user), self.story.house)["households"][0]

    def type(self, what):
        if self.draft is None:
            self.begin()
        for name, value in what:
            put(self.draft["answers"], self.story.path(name), value)

    def begin(self):
        """What came back is taken up again; else a new survey, filled in with what the ledger held."""
        back, self.entry["returned"] = self.entry["returned"], None
        gone = {(op["body"]["uid"], op["body"]["revision"]) for op in [*self.story.sent, *self.outbox]}
        if back and (back["uid"], back["revision"]) not in gone:
            self.draft = {
                name: copy.deepcopy(back[name]) for name in ("uid", "revision", "answers", "base", "same", "kept")
            }
            return
        base = dict(self.entry["now"])
        answers = {"values": {}, "members": [{"uid": card["uid"], "values": {}} for card in self.entry["members"]]}
        for path, value in base.items():
            put(answers, path, value)
        self.draft = {"uid": str(uuid.uuid4()), "revision": 0, "answers": answers, "base": base, "same": [], "kept": {}}

    def finish(self):
        if self.draft is not None:
            body = survey_body(self.story.house, self.story.form) | self.draft
            self.outbox.append(survey_op(body))
            self.draft = None

    def send(self, heard):
        if not self.outbox:
            return
        receipts = sync.receive(copy.deepcopy(self.outbox), by=fresh(self.user))
        for op, receipt in zip(self.outbox, receipts, strict=True):
            self.story.got(op, receipt)
        if heard:
            self.outbox = []


class Story:
    """One household, two surveyors (a village clerk and a helper), a township officer who reviews."""

    def __init__(self, scene):
        self.form, self.officer = scene.form, scene.officer
        self.definition = published.definition_of(self.form)
        self.house = HouseholdFactory(village=scene.village, with_householder=True, address="老宅")
        HouseholdYearFactory(household=self.house, year=YEAR, dwelling_area=80, water_source="well")
        self.head = str(Member.objects.get(household=self.house).uid)
        self.helper, self.out = UserFactory(), set()
        PairingFactory(household=self.house, cadre=CadreFactory(user=self.helper, unit=scene.unit))
        self.sent, self.receipts = [], {}
        (entry,) = pack_of_one(fresh(scene.clerk), self.house)["households"]
        self.phones = [Phone(scene.clerk, self, entry), Phone(self.helper, self, entry)]

    def path(self, name):
        return name.replace(HEAD, f"{self.head}/")

    def ledger(self):
        self.house.refresh_from_db()
        return values_of([self.house], YEAR, self.definition)[self.house.pk]

    def surveys(self, state):
        return Survey.objects.filter(household=self.house, state=state).order_by("pk")

    # -- what happens -----------------------------------------------------------------------------------------------------------

    def do(self, what, *more):
        getattr(self, f"on_{what}")(*more)

    def on_visit(self, n, what):
        self.phones[n].type(what)
        self.phones[n].finish()

    def on_fetch(self, n):
        self.phones[n].fetch()

    def on_type(self, n, what):
        self.phones[n].type(what)

    def on_finish(self, n):
        self.phones[n].finish()

    def on_send(self, n, heard):
        self.phones[n].send(heard)

    def on_office(self, edit):
        name, value = edit
        house, by = Household.objects.get(pk=self.house.pk), fresh(self.officer)
        match name:
            case "address":
                correct_household(household=house, by=by, facts={"address": value or ""})
            case "crop":
                set_income(
                    household=house, year=YEAR, by=by, lines={"business.crop": Decimal(value) if value else None}
                )
            case "dwelling_area":
                correct_year(household=house, year=YEAR, by=by, facts={name: Decimal(value) if value else None})
            case "water_source":
                correct_year(household=house, year=YEAR, by=by, facts={name: value or ""})
            case _ if name.startswith(HEAD):
                member = Member.objects.get(household=house)
                blank = "" if name.endswith("education") else None
                facts = {name.removeprefix(HEAD): blank if value is None else value}
                correct_member_year(member=member, year=YEAR, by=by, facts=facts)

    def on_approve(self, coins):
        survey = self.surveys("submitted").first()
        if survey is None:
            return
        before = self.ledger()
        choices = {}
        try:
            approve_survey(survey=survey, by=fresh(self.officer))
        except ReviewError as error:
            event("approved with choices")
            choices = {
                path: ("answer", "ledger")[coins[n % len(coins)]] for n, path in enumerate(sorted(error.problems))
            }
            approve_survey(
                survey=survey, by=fresh(self.officer), choices=choices, why=dict.fromkeys(choices, "电话核实")
            )
        event("approved")
        self.check_approved(survey, before, self.ledger(), choices)

    def on_return(self):
        survey = self.surveys("submitted").first()
        if survey is not None:
            return_survey(survey=survey, by=fresh(self.officer), note="请核对后再交")
            event("returned")

    def on_unpair(self):
        """The household is given to somebody else: what the helper sends from now on waits in quarantine."""
        Pairing.objects.filter(household=self.house).update(ends_on=timezone.localdate())
        self.out.add(self.helper.pk)

    def on_accept(self):
        op = (
            SyncOp.objects.filter(owner=self.helper.username, state="quarantined")
            .order_by("received_at", "uid")
            .first()
        )
        if op is not None:
            body = json.loads(op.body.reveal())
            survey = accept(op=op, by=fresh(self.officer))
            self.check_held(survey, body)
            event("accepted")

    # -- what must hold -----------------------------------------------------------------------------------------------------------

    def got(self, op, receipt):
        """The same operation hears the same receipt, however often; every one of them is taken in or kept whole."""
        assert receipt == self.receipts.setdefault(op["uid"], receipt)
        if op["uid"] in {each["uid"] for each in self.sent}:
            return
        self.sent.append(op)
        match receipt["state"]:
            case "applied":
                survey = Survey.objects.get(uid=op["body"]["uid"])
                assert survey.revision == receipt["revision"] == op["body"]["revision"] + 1
                self.check_held(survey, op["body"])
                event(f"revision {survey.revision}")
            case "quarantined":
                event("quarantined")
                assert json.loads(SyncOp.objects.get(pk=op["uid"]).body.reveal()) == op["body"]
            case _:
                pytest.fail(f"{receipt}")

    def check_held(self, survey, body):
        """Every answer that was sent stands in the row; what the ledger meanwhile has otherwise is named with it."""
        told, held, ledger = flat(body["answers"]), flat(survey.answers), self.ledger()
        assert held == told
        found = {c.path: (c.base, c.answer, c.ledger) for c in SurveyConflict.objects.filter(survey=survey, choice="")}
        paths = {self.path(name) for name in POOL if name != "wish"}
        expected = {
            path: (body["base"].get(path), told.get(path), ledger.get(path))
            for path in paths
            if len({body["base"].get(path), told.get(path), ledger.get(path)}) == 3
        }
        assert found == expected
        event("conflict" if found else "no conflict")

    def check_approved(self, survey, before, after, choices):
        survey.refresh_from_db()
        assert survey.state == "approved"
        answers = flat(survey.answers)
        rows = {c.path: c for c in SurveyConflict.objects.filter(survey=survey)}
        for name in POOL:
            path = self.path(name)
            answer, base, old, new = answers.get(path), survey.base.get(path), before.get(path), after.get(path)
            if name == "wish":
                assert new is None
                continue
            kept = rows.get(path)
            both = kept is not None and (kept.answer, kept.ledger) == (answer, old)
            if answer != base and new != answer:
                assert both, f"{path}: typed {answer!r}, and now nowhere"
                assert kept.choice == "ledger"
            if new != old:
                assert new == answer
                assert base == old or (both and kept.choice == "answer"), f"{path}: {old!r} was written over unseen"
            if path in choices:
                assert new == (answer if choices[path] == "answer" else old)
        assert not [c for c in rows.values() if not c.choice]

    def end(self):
        """Everybody comes back into the network; all there is arrives."""
        for each in self.phones:
            each.finish()
            each.send(heard=False)
            each.send(heard=True)
        bodies = [op["body"] for op in self.sent]
        taken = {op["body"]["uid"] for op in self.sent if self.receipts[op["uid"]]["state"] == "applied"}
        known = {str(uid) for uid in Survey.objects.filter(household=self.house).values_list("uid", flat=True)}
        assert taken <= known <= {body["uid"] for body in bodies}
        assert SyncOp.objects.filter(uid__in=[op["uid"] for op in self.sent]).count() == len(self.sent)
        newest = {
            body["uid"]: body for body in sorted(bodies, key=lambda body: body["revision"]) if body["uid"] in taken
        }
        for survey in Survey.objects.filter(uid__in=list(newest)):
            if (
                self.receipts[next(op["uid"] for op in self.sent if op["body"] is newest[str(survey.uid)])]["state"]
                == "applied"
            ):
                assert flat(survey.answers) == flat(newest[str(survey.uid)]["answers"])


def fresh(user):
    """The user as the next request finds them: what is read once a request has not been read yet."""
    again = copy.copy(user)
    for name in ("postings_now", "held", "is_helper", "_region_ids", "_paired_ids"):
        again.__dict__.pop(name, None)
    return again


def put(answers, path, value):
    uid, slash, name = path.rpartition("/")
    values = next(m["values"] for m in answers["members"] if m["uid"] == uid) if slash else answers["values"]
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value


def flat(answers):
    found = dict(answers["values"])
    for member in answers["members"]:
        found |= {f"{member['uid']}/{name}": value for name, value in member["values"].items()}
    return found


@pytest.fixture
def scene():
    """What all histories share: place, form, office."""
    village = RegionFactory()
    found = SimpleNamespace(
        village=village,
        form=SurveyFormFactory(),
        officer=UserFactory(name="审核人"),
        clerk=UserFactory(),
        unit=UnitFactory(),
    )
    PostingFactory(user=found.officer, role=Role.TOWNSHIP_OFFICER, region=village.parent)
    PostingFactory(user=found.clerk, region=village)
    return found


def play(history, scene):
    story = Story(scene)
    for step in history:
        story.do(*step)
    story.end()


CHECKS = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": False}


@settings(max_examples=200, **CHECKS)
@given(history=histories(rounds=2))
def test_no_value_is_lost(scene, history):
    play(history, scene)


@pytest.mark.nightly
@settings(max_examples=2000, **CHECKS)
@given(history=histories(rounds=5))
def test_no_value_is_lost_in_longer_histories(scene, history):
    play(history, scene)
