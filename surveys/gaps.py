"""查缺补漏: which households nobody has surveyed, what their ledgers lack, what is old, what contradicts itself, which photos are not there.

Three kinds are asked of the surveys as they are now. The other three need the rules of the form for every household and are kept in
`GapScan`; a household whose ledger has changed since is counted as it was then, and `outdated` says how many those are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    FilteredRelation,
    Max,
    Min,
    OuterRef,
    Q,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from common import dates
from households import values
from households.forms import TOPICS
from households.models import Household, Member, Status
from households.models.annual import CHECKS
from regions.models import Region
from surveys import prefill, progress, published, shells
from surveys.answers import check
from surveys.definitions import Definition, split_path
from surveys.models import GapScan, Survey, SurveyForm, SurveyPhoto, SurveyRound

KINDS = {
    "unsurveyed": gettext_lazy("今年没有调查"),
    "old": gettext_lazy("调查过期"),
    "missing": gettext_lazy("缺项"),
    "stale": gettext_lazy("只有往年的值"),
    "doubt": gettext_lazy("前后矛盾"),
    "evidence": gettext_lazy("照片不全"),
}
SHORT = {
    "unsurveyed": gettext_lazy("未调查"),
    "old": gettext_lazy("过期"),
    "missing": gettext_lazy("缺项"),
    "stale": gettext_lazy("往年值"),
    "doubt": gettext_lazy("矛盾"),
    "evidence": gettext_lazy("照片"),
}
WORDS = {  # of one item
    "unsurveyed": gettext_lazy("没有调查"),
    "old": gettext_lazy("过期"),
    "missing": gettext_lazy("没有填"),
    "stale": gettext_lazy("只有往年的"),
    "doubt": gettext_lazy("矛盾"),
    "evidence": gettext_lazy("照片"),
}
TONES = {"unsurveyed": "red", "old": "amber", "missing": "red", "stale": "amber", "doubt": "amber", "evidence": "red"}
SCANNED = ("missing", "stale", "doubt")
# A household is looked at once a year (the national 动态管理 of each autumn): what was seen longer ago is no longer known.
MONTHS = 12
# The pack of a phone lives 72 hours (`pack.HOURS`): one that has not been online for so long is not about to send its photos.
DAYS = 3
LOOK_AGAIN = dt.timedelta(days=30)  # ages and days go on, even where nothing is written
IN_LEDGER = frozenset({"household", "year", "income", "member", "myear"})
ANNUAL = frozenset({"year", "income", "myear"})
BATCH = 200


# -- which households -----------------------------------------------------------------------------------------------------------


def asked(user: Any, year: int) -> Any:
    """The households the user may see that the rounds of the year ask for; without a round, those that are registered."""
    households = Household.objects.for_user(user).active()
    rounds = SurveyRound.objects.filter(year=year, closed_at=None).select_related("region")
    rounds = [r for r in rounds.order_by("pk") if r.starts_on <= timezone.localdate()]
    wanted = Q()
    for each in rounds:
        part = progress.within_q(each.region)
        wanted |= part if each.audience == SurveyRound.Audience.ALL else part & ~Q(status__in=progress.NOT_REGISTERED)
    return households.filter(wanted) if rounds else households.exclude(status__in=progress.NOT_REGISTERED)


def conditions(year: int) -> dict[str, Any]:
    """{kind: condition on households that `with_scan` has given their look}; each is true of the households its list has."""
    today = timezone.localdate()
    sent = Survey._base_manager.filter(
        household=OuterRef("pk"),
        purpose=Survey.Purpose.SURVEY,
        state__in=[progress.STATE_OF[s] for s in progress.STANDING],
    ).order_by()
    recent = Exists(sent.filter(surveyed_on__gte=_months_before(today, MONTHS)))
    return {
        "unsurveyed": ~Exists(progress.surveys_of(year, *progress.STANDING)),
        "old": Q(Exists(sent)) & ~recent,
        "missing": Q(look__missing_count__gt=0),
        "stale": Q(look__stale_count__gt=0),
        "doubt": Q(look__doubt_count__gt=0),
        "evidence": Exists(without_photos(sent.filter(year=year))),
    }


def with_scan(households: Any, year: int) -> Any:
    """Joined with the look of the year as `look`; there is one at most, so the rows stay as many. One pass for three kinds."""
    return households.annotate(look=FilteredRelation("gap_scans", condition=Q(gap_scans__year=year)))


def without_photos(surveys: Any) -> Any:
    """Surveys that lack a photo their answers name: because it was refused, because it should have arrived by now, or because the survey
    was approved without it. Whether the form asks for a photo at all was checked when the survey was sent."""
    refused = SurveyPhoto._base_manager.filter(survey=OuterRef("pk"), state=SurveyPhoto.State.REFUSED)
    late = Q(submitted_at__lt=timezone.now() - dt.timedelta(days=DAYS)) | Q(state=Survey.State.APPROVED)
    return surveys.filter(late | Exists(refused), photos_missing__gt=0)


def _months_before(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return dt.date(year, month + 1, min(day.day, 28))


def with_kinds(households: Any, year: int) -> Any:
    """Annotated with a boolean for each kind, named after it."""
    return with_scan(households, year).annotate(
        **{
            kind: Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
            for kind, condition in conditions(year).items()
        }
    )


def of_kind(households: Any, year: int, kind: str) -> Any:
    """The households with a gap of this kind; "any" = of some kind."""
    found = conditions(year)
    if kind not in ("unsurveyed", "old", "evidence"):
        households = with_scan(households, year)
    if kind != "any":
        return households.filter(found[kind])
    some = Q()
    for name in (*SCANNED, "evidence", "unsurveyed", "old"):  # the cheapest first: what holds need not be asked further
        some |= Q(found[name])
    return households.filter(some)


def outdated(households: Any, year: int) -> Any:
    """Households nobody has looked through since their ledger, or the form, last changed."""
    newest = SurveyForm.objects.filter(state=SurveyForm.State.PUBLISHED).aggregate(at=Max("published_at"))["at"]
    since = max(filter(None, [newest, timezone.now() - LOOK_AGAIN]))
    current = GapScan._base_manager.filter(
        household=OuterRef("pk"), year=year, version=OuterRef("version"), scanned_at__gte=since
    )
    return households.filter(~Exists(current))


# -- figures --------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """Households of a place or person: how many there are, and how many have a gap of each kind (of some kind: "any")."""

    label: str
    query: Mapping[str, str]
    deeper: bool = False
    households: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys([*KINDS, "any"], 0))

    def add(self, kinds: Iterable[bool], number: int) -> None:
        """`number` households alike in which kinds of gaps they have."""
        kinds = list(kinds)
        self.households += number
        self.counts["any"] += number * any(kinds)
        for kind, has in zip(KINDS, kinds, strict=True):
            self.counts[kind] += number * has


def by_place(households: Any, year: int, at: Region | None, visible: Any) -> list[Line]:
    lines = []
    for place in progress.places(with_kinds(households, year), at, list(KINDS), visible):
        line = Line(place.label, place.query, place.deeper)
        for kinds, number in place.counts.items():
            line.add(kinds, number)
        lines.append(line)
    return lines


def by_person(households: Any, year: int) -> list[Line]:
    """By who surveyed, else who is expected to. For a township at most: each household is asked for its person."""
    found: dict[str, Line] = {}
    rows = progress.with_person(with_kinds(households, year), year).order_by().values_list("person", *KINDS)
    for person, *kinds, number in rows.annotate(n=Count("pk")):
        found.setdefault(person, Line("", {"who": person or progress.BLANK})).add(kinds, number)
    names = progress.names_of(found)
    for person, line in found.items():
        line.label = names.get(person, person)
    return [
        line
        for person, line in sorted(found.items(), key=lambda one: (not one[0], -one[1].counts["any"], one[1].label))
    ]


def total(lines: Iterable[Line]) -> Line:
    whole = Line(_("合计"), {})
    for line in lines:
        whole.households += line.households
        for kind, number in line.counts.items():
            whole.counts[kind] += number
    return whole


def items_of(households: Any, year: int) -> dict[str, Any]:
    """{kind: number of items} of the kinds that are looked for, and `since`, the oldest look among them (None for none)."""
    scans = GapScan.objects.filter(household__in=households.order_by().values("pk"), year=year)
    sums = {kind: Coalesce(Sum(f"{kind}_count"), 0) for kind in SCANNED}
    return scans.aggregate(**sums, since=Min("scanned_at"))


# -- looking through ------------------------------------------------------------------------------------------------------------


def scan(households: Sequence[Household], year: int, today: dt.date | None = None) -> list[GapScan]:
    """Look through ledgers with the form in use; unsaved rows, none for a household whose county has no form. Six queries for all.

    Whoever calls has passed the row gate and has read `village` along.
    """
    today = today or timezone.localdate()
    now = timezone.now()
    offered = published.offered(household.village for household in households)
    before = {h.pk: h.latest_year if 0 < h.latest_year < year - 1 else year - 1 for h in households}
    rows = prefill.rows_of(households, sorted({year, *before.values()}))
    kept = _kept(households, year)
    found = []
    for household in households:
        form = published.choose(offered, household.village)
        if form is None:
            continue
        looked = _Look(household, published.definition_of(form), rows, year, before[household.pk], today)
        missing, stale, doubts = looked.run(kept.get(household.pk, {}))
        found.append(
            GapScan(
                household=household,
                year=year,
                form=form,
                version=household.version,
                scanned_at=now,
                missing=missing,
                stale=stale,
                doubts=doubts,
                missing_count=len(missing),
                stale_count=len(stale),
                doubt_count=len(doubts),
            )  # fmt: skip
        )
    return found


def _kept(households: Iterable[Household], year: int) -> dict[int, dict[str, list[str]]]:
    """What the surveyors of the year have already answered with 「没有错」, by household and path."""
    surveys = Survey._base_manager.filter(
        household__in=[h.pk for h in households], year=year, state__in=[progress.STATE_OF[s] for s in progress.STANDING]
    ).exclude(kept={})
    found: dict[int, dict[str, list[str]]] = {}
    for pk, kept in surveys.order_by("pk").values_list("household_id", "kept"):
        for path, sentences in kept.items():
            found.setdefault(pk, {}).setdefault(path, []).extend(sentences)
    return found


class _Look:
    """One household's ledger, read as if it were the answers of a survey."""

    def __init__(
        self, household: Household, form: Definition, rows: prefill.Rows, year: int, before: int, today: dt.date
    ) -> None:
        self.household, self.form, self.rows, self.year, self.today = household, form, rows, year, today
        self.members = rows.members.get(household.pk, [])
        self.now = rows.values(household.pk, year, form)
        self.last = rows.values(household.pk, before, form)

    def run(self, kept: Mapping[str, Iterable[str]]) -> tuple[list[str], list[str], list[list[str]]]:
        """Paths of what is missing, paths of what only an older year has, doubts."""
        checked = check(
            self.form, self._answers(), members=[prefill.card(m) for m in self.members], last=self.last, base=self.now, year=self.year,
            today=self.today,
        )  # fmt: skip
        missing: list[str] = []
        stale: list[str] = []
        doubts: list[list[str]] = []
        for problem in checked.problems:
            asked = self.form.field(problem.path)
            if problem.code != "required":
                doubts.append([problem.path, problem.say])
            elif asked is not None and asked.part in IN_LEDGER:
                (stale if asked.part in ANNUAL and problem.path in self.last else missing).append(problem.path)
        for path in checked.asked:
            asked = self.form.field(path)
            known_once = asked is not None and asked.last and asked.part in ANNUAL and path in self.last
            if known_once and path not in self.now and path not in stale:
                stale.append(path)
        doubts += [[question.path, question.say] for question in checked.open(kept)]
        doubts += [one for one in self._across() if one[1] not in kept.get(one[0], ())]
        return missing, stale, doubts

    def _answers(self) -> dict[str, Any]:
        of_household: dict[str, Any] = {}
        of_members: dict[str, dict[str, Any]] = {str(member.uid): {} for member in self.members}
        for path, value in self.now.items():
            uid, name = split_path(path)
            (of_members[uid] if uid else of_household)[name] = value
        people = [{"uid": uid, "values": told} for uid, told in of_members.items()]
        return {"values": of_household, "members": people}

    def _across(self) -> Iterable[list[str]]:
        """What no form asks, because it lies between the survey and the register."""
        record = self.rows.years.get((self.household.pk, self.year))
        if record is None:
            return
        if record.income_differs:
            yield [
                self._total(),
                _("导入的人均纯收入 %(imported)s 元，和收支明细算出的 %(computed)s 元不一样。")
                % {
                    "imported": values.money(record.imported_per_head_income),
                    "computed": values.money(record.per_head_income),
                },
            ]
        unmet = [self.form.id_of(f"year.check_{name}") for name in CHECKS if getattr(record, f"check_{name}") == "no"]
        unmet = [name for name in unmet if name]
        if unmet and self.household.status in SETTLED:
            yield [
                unmet[0],
                _("身份是“%(status)s”，却有未达标的项目。") % {"status": self.household.get_status_display()},
            ]
        for member in self.members:
            own = self.rows.member_years.get((member.pk, self.year))
            health = self.form.id_of("myear.health")
            if health and own is not None and member.id_type == "disability" and "04" not in (own.health or []):
                yield [prefill.path_of(health, member.uid), _("证件是残疾人证，健康状况却没有残疾。")]

    def _total(self) -> str:
        return next((f.id for f in self.form.fields if f.type == "total"), "")


SETTLED = (Status.OUT_OF_POVERTY, Status.RISK_REMOVED)


def keep(scans: Sequence[GapScan]) -> None:
    """Write looks over the earlier ones."""
    GapScan.objects.bulk_create(
        scans, update_conflicts=True, unique_fields=["household", "year"],
        update_fields=["form", "version", "scanned_at", "missing", "stale", "doubts", "missing_count", "stale_count", "doubt_count"],
    )  # fmt: skip


# -- in words -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One gap of a household: what is wrong, and the path of the field that mends it ("" for the form as a whole)."""

    kind: str
    text: str
    path: str = ""

    @property
    def word(self) -> str:
        return str(WORDS[self.kind])

    @property
    def tone(self) -> str:
        return TONES[self.kind]


def words_of(scans: Iterable[GapScan]) -> dict[int, list[Item]]:
    """{household: items} of looks, with the labels of the form and the names of the members. One query, and one for each form."""
    scans = list(scans)
    members = prefill.members_of([s.household for s in scans])
    found: dict[int, list[Item]] = {}
    for look in scans:
        form = published.definition_of(look.form)
        names = {card["uid"]: card["name"] for card in members[look.household_id]}

        def label(path: str, form: Definition = form, names: Mapping[str, str] = names) -> str:
            asked = form.field(path)
            text = asked.label if asked else ""
            uid = split_path(path)[0]
            return _("%(name)s：%(label)s") % {"name": names.get(uid, ""), "label": text} if uid else text

        items = [Item("missing", label(path), path) for path in look.missing]
        items += [Item("stale", label(path), path) for path in look.stale]
        items += [
            Item("doubt", _("%(label)s：%(say)s") % {"label": where, "say": say} if (where := label(path)) and where not in say else say, path)
            for path, say in look.doubts
        ]  # fmt: skip
        found[look.household_id] = items
    return found


@dataclass
class Row:
    """A household with its gaps in words, each with the address of what mends it ("" where the user may not)."""

    household: Household
    items: list[tuple[Item, str]]


def rows_of(households: Sequence[Household], year: int, user: Any) -> list[Row]:
    """Households of one page, looked through anew: what stands here is what is so now. They carry the annotation `stage`; the number
    of queries does not grow with them."""
    looks = {look.household_id: look for look in scan(households, year)}
    words = words_of(looks.values())
    dated = _last_surveys(households)
    photos = _photos(households, year)
    links = _Links(households, year, user, {pk: look.form for pk, look in looks.items()})
    found = []
    for household in households:
        pk = household.pk
        items: list[Item] = []
        if household.stage in progress.MISSING:  # type: ignore[attr-defined]
            items.append(Item("unsurveyed", str(progress.STAGES[household.stage])))  # type: ignore[attr-defined]
        newest = dated.get(pk)
        if newest is not None and newest < _months_before(timezone.localdate(), MONTHS):
            items.append(Item("old", _("上次调查 %(day)s") % {"day": dates.written(newest)}))
        items += photos.get(pk, [])
        items += words.get(pk, [])
        found.append(Row(household, [(item, links.to(household, item)) for item in items]))
    return found


def _last_surveys(households: Iterable[Household]) -> dict[int, dt.date]:
    surveys = Survey._base_manager.filter(
        household__in=[h.pk for h in households], purpose=Survey.Purpose.SURVEY,
        state__in=[progress.STATE_OF[s] for s in progress.STANDING],
    )  # fmt: skip
    return dict(surveys.order_by().values_list("household").annotate(on=Max("surveyed_on")))


def _photos(households: Iterable[Household], year: int) -> dict[int, list[Item]]:
    """Photos that the answers name and that are not there, and why."""
    surveys = without_photos(Survey._base_manager.filter(household__in=[h.pk for h in households], year=year))
    found: dict[int, list[Item]] = {}
    lacking = list(surveys.filter(purpose=Survey.Purpose.SURVEY).select_related("form").order_by("pk"))
    known = {
        str(uid): (state, problem)
        for uid, state, problem in SurveyPhoto._base_manager.filter(survey__in=lacking).values_list(
            "uid", "state", "problem"
        )
    }
    for survey in lacking:
        for path, asked, value in published.definition_of(survey.form).paths(survey.answers):
            if not asked.is_evidence:
                continue
            for uid in value if isinstance(value, list) else [value]:
                state, problem = known.get(uid, ("", ""))
                if state != SurveyPhoto.State.COMPLETE:
                    text = (
                        _("%(label)s没有送达")
                        if state != SurveyPhoto.State.REFUSED
                        else _("%(label)s看不清：%(problem)s")
                    )
                    found.setdefault(survey.household_id, []).append(
                        Item("evidence", text % {"label": asked.label, "problem": problem}, path)
                    )
    return found


class _Links:
    """Where a gap is mended: in the survey form while this year's survey is still to be made, afterwards in the ledger."""

    def __init__(self, households: Sequence[Household], year: int, user: Any, forms: Mapping[int, SurveyForm]) -> None:
        keys = [h.pk for h in households]
        self.year, self.forms = year, forms
        self.may_fill = set(
            Household.objects.for_user(user, Permission.SURVEY_FILL).filter(pk__in=keys).values_list("pk", flat=True)
        )
        self.may_edit = set(
            Household.objects.for_user(user, Permission.HOUSEHOLD_EDIT).filter(pk__in=keys).values_list("pk", flat=True)
        )
        self.members = {str(uid): pk for uid, pk in Member.objects.filter(household__in=keys).values_list("uid", "pk")}

    def to(self, household: Household, item: Item) -> str:
        form = self.forms.get(household.pk)
        sent = household.stage in ("submitted", "approved")  # type: ignore[attr-defined]
        if (
            household.pk in self.may_edit
            and item.path
            and item.kind in SCANNED
            and (sent or household.pk not in self.may_fill)
        ):
            return self._ledger(household, item.path)
        if household.pk in self.may_fill and form is not None:
            field = f"&field={item.path}" if item.path else ""
            return f"{shells.url_of(form)}#household={household.uid}{field}"
        return ""

    def _ledger(self, household: Household, path: str) -> str:
        uid, _slash, _name = path.rpartition("/")
        asked = published.definition_of(self.forms[household.pk]).field(path)
        part, column = (asked.part, asked.column) if asked else ("", "")
        member = self.members.get(uid)
        at = f"#id_{column}"
        if asked is not None and asked.type == "total" or part == "income":
            return reverse("households:income_edit", args=[household.pk, self.year])
        if part == "year":
            topic = next((name for name, (_title, names) in TOPICS.items() if column in names), "")
            return (
                reverse("households:year_edit", args=[household.pk, self.year, topic]) + at
                if topic
                else household.get_absolute_url()
            )
        if part == "member" and member:
            return reverse("households:member_edit", args=[household.pk, member]) + at
        if part == "myear" and member:
            return reverse("households:member_year_edit", args=[household.pk, member, self.year]) + at
        if part == "household":
            return reverse("households:household_edit", args=[household.pk]) + at
        return household.get_absolute_url()
