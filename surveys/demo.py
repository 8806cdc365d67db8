"""Surveys of the demonstration county: a round half done, and in one village a survey in every state it can be in.

All of it is done by the verbs, as people and phones do it, so that histories are closed and pages have something true to show. What is
answered comes from the invented ledgers, photos are drawings.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import random
import uuid
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from common import sync
from households import demo as ledgers
from households import services as ledger_verbs
from households.models import Household, Status
from households.services import LedgerError
from surveys import gap_jobs, prefill, published
from surveys.answers import check
from surveys.definitions import Definition, path_of
from surveys.models import Device, Survey, SurveyRound, VerificationTask
from surveys.pack import pack_of_one
from surveys.services import put_piece, register_device, save_draft, submit_survey
from surveys.services.review import approve_survey, return_survey
from surveys.services.rounds import open_round
from surveys.services.verification import assign, draw_random, resolve

DONE = "demo/surveys"  # target of the event that says they are there
PEOPLE = ("clerk", "team", "township", "county", "county2", "helper")
FIRST_ANSWERS = {  # where the ledger has nothing and an answer is asked for
    "choice": lambda field, pick: field.options[0][0],
    "choices": lambda field, pick: [field.options[0][0]],
    "yesno": lambda field, pick: True,
    "integer": lambda field, pick: 1,
    "decimal": lambda field, pick: "60",
    "money": lambda field, pick: "1200",
    "text": lambda field, pick: "无",
    "note": lambda field, pick: "希望有技能培训",
}


def fill() -> bool:
    """Make the surveys, once; whether they were made now. Nothing where there is no demonstration county."""
    return ledgers.tell_once(DONE, "demo.surveyed", PEOPLE, lambda people: _Story(people).tell())


class _Story:
    """The round of this year, told household by household."""

    def __init__(self, people: dict[str, User]) -> None:
        self.people = people
        self.pick = random.Random(2026)
        self.today = timezone.localdate()
        self.round = self._round()
        own = (
            Household.objects.for_user(people["clerk"])
            .active()
            .exclude(status__in=[Status.ORDINARY, Status.STRUCK_OFF])
        )
        self.own = list(
            own.select_related("village__parent").order_by("number")[8:40]
        )  # past those with a history already
        near = Household.objects.for_user(people["township"]).active().exclude(pk__in=[h.pk for h in own])
        self.near = list(near.select_related("village__parent").order_by("number")[:10])

    def _round(self) -> SurveyRound:
        county = self.people["county"]
        return open_round(
            region=county.postings_now[0].region, year=self.today.year, title=f"{self.today.year}年入户调查",
            audience=SurveyRound.Audience.REGISTERED, starts_on=self.today - dt.timedelta(days=35),
            due_on=self.today + dt.timedelta(days=10), by=county,
        )  # fmt: skip

    def tell(self) -> None:
        clerk, team, township, county = (self.people[name] for name in ("clerk", "team", "township", "county"))
        own = iter(self.own)
        done = [
            self._survey(house, who)
            for house, who in zip(self._take(own, 8), [clerk, clerk, clerk, team] * 2, strict=False)
        ]
        for survey in done[:7]:
            self._approve(survey, township)
        for house in self._take(own, 3):  # large changes and a question the surveyor left open
            self._survey(house, clerk, changed=4, ask=True)
        for house in self._take(own, 2):  # the office corrects the ledger while the surveyor is out
            self._survey(house, clerk, changed=2, meanwhile=township)
        for house in self._take(own, 1):
            self._survey(house, team, photos=False)
        for house in self._take(own, 2):
            survey = self._survey(house, clerk, changed=1)
            if survey is None:
                continue
            reasons = {"dwelling_area": "与去年相差较大，请到户核实面积。", "photo_dwelling": "照片没有拍到房屋正面。"}
            return_survey(
                survey=survey,
                by=township,
                reasons={p: say for p, say in reasons.items() if self._has(survey, p)},
                note="请补正后再交",
            )
        for house in self._take(own, 2):
            self._draft(house, clerk)
        for house in self.near:
            survey = self._survey(house, township)
            if self.pick.random() < 0.6:
                self._approve(survey, county)
        self._second_look(township, team)
        helper = self.people["helper"]
        strange = (house for house in own if not house.pairings.filter(cadre=helper.cadre).exists())
        for house in self._take(strange, 1):
            self._no_longer_his(house, helper, township)
        self._phone(clerk)
        self._look_for_gaps()

    @staticmethod
    def _take(households: Any, number: int) -> list[Household]:
        return [house for _n, house in zip(range(number), households, strict=False)]

    # -- one survey ---------------------------------------------------------------------------------------------------------------

    def _body(
        self, house: Household, who: User, *, changed: int = 0, ask: bool = False, photos: bool = True
    ) -> dict[str, Any] | None:
        """What the surveyor's phone would send; None where the household cannot be surveyed."""
        found = pack_of_one(who, house)["households"]
        if not found:
            return None
        entry = found[0]
        form = published.current(house.village)
        assert form is not None
        definition = published.definition_of(form)
        known = entry["last"] | entry["now"]
        answers = self._answers(definition, entry, known, changed, ask)
        pictures = self._pictures(definition, answers) if photos else {}
        began = timezone.now() - dt.timedelta(minutes=self.pick.randint(30, 600))
        same = [path for path, value in entry["last"].items() if value == known.get(path)]
        typed = max(4, sum(1 for path in prefilled(answers)) - len(same))
        return {
            "uid": str(uuid.uuid4()), "household": entry["uid"], "form": entry["form"], "year": entry["year"], "purpose": entry["purpose"],
            "channel": "phone", "revision": 0, "began_at": began.isoformat(), "surveyed_on": self.today.isoformat(), "answers": answers,
            "base": entry["now"], "same": same[:200], "kept": {},
            "effort": {"keystrokes": typed * self.pick.randint(3, 9), "typed": typed, "same": len(same), "retyped": self.pick.randint(0, 2),
                       "seconds": self.pick.randint(420, 1500)},
            "photos": list(pictures), "pictures": pictures,
        }  # fmt: skip

    def _answers(
        self, form: Definition, entry: dict[str, Any], known: dict[str, Any], changed: int, ask: bool
    ) -> dict[str, Any]:
        values = {path: value for path, value in known.items() if "/" not in path}
        people = [
            {
                "uid": card["uid"],
                "values": {p.partition("/")[2]: v for p, v in known.items() if p.startswith(card["uid"])},
            }
            for card in entry["members"]
        ]
        answers = {"values": values, "members": people}
        for name in self.pick.sample(
            ["wage_other", "business_crop", "business_livestock", "dwelling_area", "farmland"], changed
        ):
            if name in values:
                values[name] = prefill.digits(
                    (Decimal(values[name]) * Decimal(self.pick.choice(["1.2", "0.9", "1.35"]))).quantize(Decimal(1))
                )
        if ask and "wage_other" in values:
            values["wage_other"] = prefill.digits(Decimal(values["wage_other"]) * 6)
        if changed:
            values["wish_kinds"], values["wish"] = ["job", "training"], "想学电焊，农闲时在县城务工"
        return self._completed(form, answers, entry)

    def _completed(self, form: Definition, answers: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
        """What is asked for is answered, what cannot be is left out."""
        for _round in range(4):
            checked = check(
                form,
                answers,
                members=entry["members"],
                last=entry["last"],
                base=entry["now"],
                year=entry["year"],
                today=self.today,
            )
            answers = checked.clean
            if not checked.problems:
                break
            for problem in checked.problems:
                self._mend(form, answers, problem.path, problem.code)
        return answers

    def _mend(self, form: Definition, answers: dict[str, Any], path: str, code: str) -> None:
        field = form.field(path)
        if field is None:
            return
        member, _slash, name = path.rpartition("/")
        values = (
            answers["values"] if not member else next(m["values"] for m in answers["members"] if m["uid"] == member)
        )
        if code != "required":
            values.pop(name, None)
        elif field.type == "photo":
            values[name] = [str(uuid.uuid4())]
        elif field.type == "signature":
            values[name] = str(uuid.uuid4())
        elif field.type in FIRST_ANSWERS:
            values[name] = FIRST_ANSWERS[field.type](field, self.pick)

    @staticmethod
    def _pictures(form: Definition, answers: dict[str, Any]) -> dict[str, str]:
        """{uid: path} of the photos and signatures of the answers."""
        found = {}
        for path, field, value in form.paths(answers):
            if field.is_evidence:
                found |= dict.fromkeys(value if isinstance(value, list) else [value], path)
        return found

    def _survey(self, house: Household, who: User, *, changed: int = 0, ask: bool = False, photos: bool = True,
                meanwhile: User | None = None) -> Survey | None:  # fmt: skip
        """A survey from beginning to arrival; None where the invented ledger allows none. `meanwhile` corrects the ledger between the two."""
        with suppress(LedgerError, ValidationError, sync.Refused), transaction.atomic():
            return self._made(house, who, changed, ask, photos, meanwhile)
        return None

    def _made(
        self, house: Household, who: User, changed: int, ask: bool, photos: bool, meanwhile: User | None
    ) -> Survey | None:
        body = self._body(house, who, changed=changed, ask=ask)
        if body is None:
            return None
        pictures = body.pop("pictures")
        if meanwhile is not None:
            record = house.years.filter(year=body["year"]).first()
            area = (record.dwelling_area if record and record.dwelling_area else Decimal(60)) + 8
            ledger_verbs.correct_year(
                household=house, year=body["year"], by=meanwhile, facts={"dwelling_area": area}, note="按房产证更正"
            )
            body["answers"]["values"]["dwelling_area"] = prefill.digits(area + 15)
        survey = submit_survey(body=body, by=who)
        if photos:
            for uid, path in pictures.items():
                self._send(uid, survey, path, who)
        return survey

    def _send(self, uid: str, survey: Survey, path: str, who: User) -> None:
        data = _signature(self.pick) if path == "signature" else _dwelling(self.pick)
        put_piece(
            uid=uuid.UUID(uid), survey=survey.uid, path=path, offset=0, size=len(data), sha256=hashlib.sha256(data).hexdigest(), data=data, by=who,
        )  # fmt: skip

    @staticmethod
    def _has(survey: Survey, path: str) -> bool:
        return path in survey.answers["values"]

    @staticmethod
    def _approve(survey: Survey | None, by: User) -> None:
        if survey is not None:
            with suppress(LedgerError, ValidationError), transaction.atomic():
                approve_survey(survey=survey, by=by, note="核对无误")

    def _draft(self, house: Household, who: User) -> None:
        body = self._body(house, who, photos=False)
        if body is None:
            return
        body.pop("pictures")
        values = body["answers"]["values"]
        for name in [
            name for name in values if name.startswith(("check_", "wish", "signature", "photo", "respondent"))
        ]:
            del values[name]
        save_draft(body=body | {"at": {"step": "income", "path": "wage_other"}}, by=who)

    # -- what else happens --------------------------------------------------------------------------------------------------------

    def _second_look(self, township: User, team: User) -> None:
        """Four of the surveyed households are drawn by a published seed; the team looks at one, where it finds something else."""
        village = self.people["clerk"].postings_now[0].region
        draw = draw_random(region=village, year=self.today.year, size=4, seed=f"{self.today:%Y%m%d}", by=township)
        tasks = list(draw.tasks.select_related("household__village__parent").order_by("pk"))
        free = [task for task in tasks if not Survey.objects.filter(household=task.household, surveyor=team).exists()]
        for task in free[:3]:
            assign(task=task, assignee=team, by=township)
        if not free:
            return
        task = free[0]
        first = (
            Survey.objects.filter(household=task.household, year=task.year, surveyor=self.people["clerk"])
            .order_by("-pk")
            .first()
        )
        body = self._body(task.household, team)
        if body is None or first is None:
            return
        pictures = body.pop("pictures")
        answers = {"values": dict(first.answers["values"]), "members": [dict(m) for m in first.answers["members"]]}
        answers["values"] |= {p: v for p, v in body["answers"]["values"].items() if p in pictures.values()}
        area = Decimal(answers["values"].get("dwelling_area", "60"))
        answers["values"]["dwelling_area"] = prefill.digits(max(area - 12, Decimal(20)))
        answers["values"]["has_toilet"] = not answers["values"].get("has_toilet", True)
        survey = submit_survey(body=body | {"answers": answers, "base": {}, "same": []}, by=team)
        for uid, path in pictures.items():
            self._send(uid, survey, path, team)
        done = VerificationTask.objects.filter(pk=task.pk, state=VerificationTask.State.DONE).first()
        difference = done and done.differences.filter(path="has_toilet", verdict="").first()
        if difference:
            resolve(
                difference=difference, verdict="first", reason="电话核实，厕所上月已改造完成", by=self.people["county"]
            )

    def _no_longer_his(self, house: Household, helper: User, township: User) -> None:
        """The helper surveys a household, is replaced, and only then has a network: the upload waits in quarantine."""
        led = house.pairings.current().filter(is_lead=True).exists()
        pairing = ledger_verbs.pair(
            household=house, cadre=helper.cadre, by=township, starts_on=self.today - dt.timedelta(days=60), is_lead=not led, goal="稳定增收",
        )  # fmt: skip
        helper = User.objects.get(pk=helper.pk)  # who is paired with whom is remembered
        body = self._body(house, helper, changed=1)
        if body is None:
            return
        body.pop("pictures")
        ledger_verbs.end_pairing(pairing=pairing, by=township, ends_on=self.today, reason="换人帮扶")
        helper = User.objects.get(pk=helper.pk)
        op = {"uid": str(uuid.uuid4()), "kind": "survey.submit", "made_at": timezone.now().isoformat(), "body": body}
        sync.receive([op], by=helper)

    def _phone(self, who: User) -> None:
        """A phone that still holds two records."""
        key = base64.b64encode(random.Random(1).randbytes(32)).decode()
        device = register_device(uid=uuid.uuid4(), label="红米手机", key=key, by=who)
        Device.objects.filter(pk=device.pk).update(waiting=2, seen_at=timezone.now() - dt.timedelta(hours=5))

    def _look_for_gaps(self) -> None:
        """Of the shown village; the rest of the county is looked through at night."""
        village = self.people["clerk"].postings_now[0].region
        gap_jobs.refresh(Household.objects.active().filter(village=village), self.today.year)


def prefilled(answers: dict[str, Any]) -> list[str]:
    """The paths of the answers."""
    found = list(answers["values"])
    for member in answers["members"]:
        found += [path_of(name, member["uid"]) for name in member["values"]]
    return found


# -- drawings ---------------------------------------------------------------------------------------------------------------------


def _dwelling(pick: random.Random) -> bytes:
    """A drawing of nobody's house, as small as a phone makes a photo."""
    image = Image.new("RGB", (640, 480), (196, 216, 232))
    draw = ImageDraw.Draw(image)
    shade, left = pick.randrange(60), 90 + pick.randrange(80)
    draw.rectangle((0, 330, 640, 480), fill=(128, 150 - shade // 2, 96))
    draw.rectangle((left, 200, left + 360, 400), fill=(222, 214 - shade, 196 - shade))
    draw.polygon(((left - 30, 200), (left + 180, 100), (left + 390, 200)), fill=(120 + shade, 72, 60))
    draw.rectangle((left + 150, 280, left + 210, 400), fill=(96, 68, 48))
    return _jpeg(image)


def _signature(pick: random.Random) -> bytes:
    """A scribble."""
    image = Image.new("RGB", (480, 180), (255, 255, 255))
    points = [(30 + 28 * n, 90 + pick.randint(-45, 45)) for n in range(15)]
    ImageDraw.Draw(image).line(points, fill=(20, 30, 60), width=5, joint="curve")
    return _jpeg(image)


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()
