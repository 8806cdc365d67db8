"""Rules: written by the county, changed by another row, ended; what is due follows at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from common import audit
from common.models import AuditEvent
from households.services import LedgerError
from regions.services import merge_regions
from tests.factories import HouseholdFactory, VisitRuleFactory
from tests.visits.test_record import sound
from visits.models import VisitDuty, VisitRule
from visits.services import duties, rules
from visits.services.rules import end_rule, set_rule

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def days(count):
    return TODAY + dt.timedelta(days=count)


def asked(region, by, **more):
    return set_rule(
        region=region, by=by, **{"capacity": "team", "audience": "all", "period": "year", "least": 31} | more
    )


def test_a_rule_and_what_is_due(land, official):
    HouseholdFactory(village=land.village)
    HouseholdFactory(village=land.other_village)
    rule = asked(land.county, official)
    assert (rule.starts_on, rule.made_by) == (TODAY, "official")
    assert VisitDuty.objects.count() <= 1, "only in the region, and only if the year is long enough for one more"
    event = audit.content_of(AuditEvent.objects.get(action="visitrule.set"))
    assert event["note"] == "驻村工作队对全部农户每年至少入户走访 31 次"
    assert event["region_path"] == land.county.path
    assert sound(VisitRule)


def test_a_changed_rule_is_a_new_row(land, official):
    HouseholdFactory(village=land.village)
    old = VisitRuleFactory(region=land.county, capacity="team", audience="all", period="year", least=31)
    duties.refresh_all()
    assert VisitDuty.objects.get().rule == old
    new = asked(land.county, official, least=30)
    old.refresh_from_db()
    assert (old.ends_on, old.least, new.ends_on) == (TODAY, 31, None)
    assert {d.rule_id for d in VisitDuty.objects.all()} <= {old.pk, new.pk}
    for duty in VisitDuty.objects.filter(rule=old):
        assert duty.ends_on == TODAY
    with pytest.raises(LedgerError, match="就是这样"):
        asked(land.county, official, least=30)


def test_ended(land, official):
    HouseholdFactory(village=land.village)
    rule = VisitRuleFactory(region=land.county, capacity="team", period="month", least=31)
    duties.refresh_all()
    end_rule(rule=rule, by=official)
    assert not VisitDuty.objects.filter(ends_on__gt=TODAY).exists()
    with pytest.raises(LedgerError, match="截止日期"):
        end_rule(rule=rule, by=official)
    later = asked(land.county, official, starts_on=days(5))
    assert end_rule(rule=later, by=official).ends_on == days(5), "one that never began asks for nothing"


def test_several_stand_beside_one_another(land, official):
    for more in ({}, {"audience": "monitored"}, {"manner": "call"}, {"capacity": "helper"}):
        asked(land.county, official, **more)
    asked(land.township, official)
    assert VisitRule.objects.filter(ends_on=None).count() == 5


@pytest.mark.parametrize(
    ("more", "error", "match"),
    [
        ({"starts_on": days(-1)}, ValidationError, "过去"),
        ({"starts_on": days(400)}, ValidationError, "一年以后"),
        ({"least": 0}, ValidationError, "1 到 31"),
        ({"least": 32}, ValidationError, "1 到 31"),
        ({"least": -1}, ValidationError, "."),
        ({"capacity": "king"}, ValidationError, "king"),
        ({"audience": "cats"}, ValidationError, "cats"),
        ({"period": "day"}, ValidationError, "day"),
        ({"manner": "letter"}, ValidationError, "letter"),
    ],
)
def test_what_cannot_be(land, official, more, error, match):
    with pytest.raises(error, match=match):
        asked(land.county, official, **more)
    assert not VisitRule.objects.exists()


def test_before_another_that_is_to_come(land, official):
    asked(land.county, official, starts_on=days(10))
    with pytest.raises(LedgerError, match="已经有一条新的要求"):
        asked(land.county, official)


def test_who_may(land, official, officer, clerk, auditor, admin):
    for user in (officer, clerk, auditor, admin):
        with pytest.raises(PermissionDenied):
            asked(land.township, user)
    with pytest.raises(PermissionDenied):
        asked(land.other_county, official)
    rule = VisitRuleFactory(region=land.other_county)
    with pytest.raises(PermissionDenied):
        end_rule(rule=rule, by=official)
    with pytest.raises(ValidationError, match="过去"):
        end_rule(rule=VisitRuleFactory(region=land.county), by=official, ends_on=days(-1))
    with pytest.raises(ValidationError, match="早于起始"):
        end_rule(
            rule=VisitRuleFactory(region=land.county, capacity="team", starts_on=days(5)), by=official, ends_on=days(1)
        )


def test_who_sees_them(land, official, officer, clerk, auditor, admin, stranger, helper):
    here, above = VisitRuleFactory(region=land.township), VisitRuleFactory(region=land.county)
    VisitRuleFactory(region=land.next_township)
    for user in (officer, clerk):
        assert set(VisitRule.objects.for_user(user)) == {here, above}
    assert VisitRule.objects.for_user(official).count() == VisitRule.objects.for_user(auditor).count() == 3
    for user in (stranger, admin):
        assert not VisitRule.objects.for_user(user).exists()


def test_the_database_keeps_one_at_a_time(land):
    VisitRuleFactory(region=land.county)
    with pytest.raises(IntegrityError, match="visitrule_one_at_a_time"), transaction.atomic():
        VisitRuleFactory(region=land.county, starts_on=days(3))


def test_when_villages_merge(land, official):
    HouseholdFactory(village=land.near_village)
    mine, theirs = (
        VisitRuleFactory(region=region, capacity="village", period="month", least=31)
        for region in (land.near_village, land.village)
    )
    duties.refresh_all()
    assert rules.why_occupied(land.near_village)
    merge_regions(old=[land.near_village], into=land.village, by=official, on=TODAY)
    mine.refresh_from_db()
    assert mine.ends_on == TODAY
    assert {duty.rule for duty in VisitDuty.objects.filter(ends_on__gt=TODAY)} == {theirs}
    assert {duty.village for duty in VisitDuty.objects.all()} == {land.village}
