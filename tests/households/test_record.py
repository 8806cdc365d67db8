"""A whole record at once: everything or nothing, one event, and the rules of the single verbs."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from common import audit
from common.models import AuditEvent
from common.reencoding import reencode
from households import services as s
from households.models import AUDITED, Member, MemberYear
from tests.factories.households import invented_id_number
from tests.factories.plans import picture

DAY = dt.date(2026, 3, 1)


@pytest.fixture
def family(officer, village):
    """Householder 王建国, wife 李芳, son 王明: made by the verbs."""
    household = s.register_household(village=village, by=officer, householder={"name": "王建国", "sex": "1"})
    for name, relation in (("李芳", "02"), ("王明", "03")):
        s.add_member(
            household=household,
            by=officer,
            facts={"name": name, "relation": relation},
            joined_on=DAY,
            joined_reason="first",
        )
    household.refresh_from_db()
    return household


def uid_of(household, name):
    return str(household.members.get(name=name).uid)


def write(family, by, **parts):
    return s.write_record(household=family, record=s.Record(2026, **parts), by=by, action="household.surveyed")


def verify():
    connection.check_constraints()
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken


BABY = "6f1c2f70-0000-4000-8000-000000000001"


def test_everything_in_one_event(family, clerk):
    events = AuditEvent.objects.count()
    son = uid_of(family, "王明")
    write(
        family,
        clerk,
        household={"hamlet": "5组", "phone": "19900001111"},
        annual={"dwelling_area": Decimal("92"), "main_cause": "01", "surveyor": "张三"},
        income={"wage.other": Decimal("18000"), "expense.business": Decimal("2000")},
        members={son: {"sex": "1"}},
        member_years={son: {"education": "03"}, BABY: {"education": "06"}},
        joining={BABY: s.Joining({"name": "王小宝", "relation": "07"}, DAY, "birth")},
    )
    family.refresh_from_db()
    year = family.years.get(year=2026)
    assert (family.hamlet, family.phone_masked, family.member_count) == ("5组", "199****1111", 4)
    assert (year.population, year.net_income, year.per_head_income) == (4, 16000, 4000)
    assert MemberYear.objects.get(member__uid=BABY).education == "06"
    assert AuditEvent.objects.count() == events + 1
    event = AuditEvent.objects.latest("id")
    assert event.action == "household.surveyed"
    assert "19900001111" not in event.body
    verify()


def test_nothing_is_half_saved_and_the_place_is_named(family, clerk):
    events, son = AuditEvent.objects.count(), uid_of(family, "王明")
    with pytest.raises(s.RecordError, match="健康") as refused:
        write(
            family,
            clerk,
            household={"hamlet": "9组"},
            joining={BABY: s.Joining({"name": "王小宝", "relation": "07"}, DAY, "birth")},
            member_years={son: {"health": ["01", "02"]}},
        )
    assert (refused.value.part, refused.value.key, refused.value.name) == ("myear", son, "health")
    family.refresh_from_db()
    assert family.hamlet == ""
    assert not Member.objects.filter(uid=BABY).exists()
    assert AuditEvent.objects.count() == events


def test_the_householder_dies_and_the_wife_takes_over(family, clerk):
    head, wife, son = (uid_of(family, name) for name in ("王建国", "李芳", "王明"))
    with pytest.raises(s.RecordError, match="没有填新户主"):
        write(family, clerk, leaving={head: s.Leaving(DAY, "death")})
    write(
        family,
        clerk,
        leaving={head: s.Leaving(DAY, "death")},
        members={wife: {"relation": "01"}, son: {"relation": "03"}},
    )
    family.refresh_from_db()
    assert (family.householder_name, family.member_count) == ("李芳", 2)
    verify()


def test_changing_the_householder_alone_needs_its_own_permission(family, clerk, officer):
    head, wife = uid_of(family, "王建国"), uid_of(family, "李芳")
    change = {wife: {"relation": "01"}, head: {"relation": "02"}}
    with pytest.raises(PermissionDenied):
        write(family, clerk, members=change)
    with pytest.raises(s.RecordError, match="选择与新户主的关系"):
        write(family, officer, members={wife: {"relation": "01"}})
    write(family, officer, members=change)
    family.refresh_from_db()
    assert family.householder_name == "李芳"
    verify()


def test_two_householders_or_none_are_refused(family, officer):
    head, wife, son = (uid_of(family, name) for name in ("王建国", "李芳", "王明"))
    with pytest.raises(s.RecordError, match="一户只能有一位户主"):
        write(family, officer, members={wife: {"relation": "01"}, son: {"relation": "01"}, head: {"relation": "11"}})
    with pytest.raises(s.RecordError, match="没有填新户主"):
        write(family, officer, members={head: {"relation": "11"}})


def test_a_number_freed_by_leaving_may_be_used_by_who_joins(family, officer):
    number = invented_id_number()
    son = family.members.get(name="王明")
    s.correct_member(member=son, by=officer, facts={"id_number": number})
    write(
        family,
        officer,
        leaving={str(son.uid): s.Leaving(DAY, "mistake")},
        joining={BABY: s.Joining({"name": "王明", "relation": "03", "id_number": number}, DAY, "other")},
    )
    assert Member.objects.get(uid=BABY).id_hash == Member.objects.get(pk=son.pk).id_hash
    verify()


def test_who_has_left_comes_back_or_is_refused(family, officer):
    son = family.members.get(name="王明")
    s.remove_member(member=son, by=officer, left_on=DAY, left_reason="lost")
    with pytest.raises(s.RecordError, match="已经不在册"):
        write(family, officer, members={str(son.uid): {"sex": "1"}})
    write(family, officer, returning={str(son.uid)}, members={str(son.uid): {"sex": "1"}})
    son.refresh_from_db()
    assert (son.left_on, son.sex) == (None, "1")
    verify()


def test_a_member_of_another_household_cannot_join_or_be_written(family, officer, household):
    other = household.members.get()
    with pytest.raises(s.RecordError, match="已经登记过"):
        write(family, officer, joining={str(other.uid): s.Joining({"name": "王某", "relation": "03"}, DAY, "move_in")})
    with pytest.raises(s.RecordError, match="已经不在册"):
        write(family, officer, members={str(other.uid): {"sex": "2"}})


def test_writing_what_is_there_leaves_no_event(family, officer):
    write(family, officer, annual={"dwelling_area": Decimal(90)}, income={"wage.other": Decimal(5)})
    before = AuditEvent.objects.count()
    write(family, officer, annual={"dwelling_area": Decimal("90.00")}, income={"wage.other": Decimal(5)})
    assert AuditEvent.objects.count() == before


def test_photos_of_a_record_that_is_refused_leave_no_file(family, clerk, settings):
    """The second is the first once more: refused, and the file of the first goes with the transaction."""
    one = reencode(picture())
    before = set(Path(settings.MEDIA_ROOT).rglob("*.jpg"))
    with pytest.raises(s.RecordError, match="已经传过"):
        write(family, clerk, pictures=[s.Picture("dwelling", *one, DAY), s.Picture("dwelling", *one, DAY)])
    assert set(Path(settings.MEDIA_ROOT).rglob("*.jpg")) == before
    write(family, clerk, pictures=[s.Picture("dwelling", *one, DAY)])
    assert len(set(Path(settings.MEDIA_ROOT).rglob("*.jpg")) - before) == 1
