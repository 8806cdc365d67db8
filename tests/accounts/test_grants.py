"""Nobody grants what they do not hold, and nobody gets at it through somebody else's password either."""

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services
from accounts.models import Posting, User
from accounts.postings import accounts_for, grantable_roles, may_grant, may_take_over
from accounts.roles import COVERED_BY, GRANTS, POSTED_AT, Permission, Role
from accounts.scoping import may_in
from tests.factories import PostingFactory, UserFactory

PLACES = (
    "province", "city", "county", "township", "village", "near_village", "next_township", "far_village", "other_county",
    "other_township", "other_village",
)  # fmt: skip
POSTED = [(role, level) for role in Role for level in POSTED_AT[role]]


@given(
    held=st.lists(
        st.tuples(st.sampled_from([r for r in Role if r != Role.HELPER]), st.sampled_from(PLACES)), max_size=3
    ),
    role=st.sampled_from(list(Role)),
    at=st.sampled_from(PLACES),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_granted_role_gives_nothing_its_granter_lacks_there(land, held, role, at):
    granter = User(pk=1, username="granter", name="甲", is_active=True)
    granter.__dict__["postings_now"] = [Posting(role=own, region=getattr(land, place)) for own, place in held]
    region = getattr(land, at)
    if may_grant(granter, role, region):
        assert region.level in POSTED_AT[role]
        assert may_in(granter, Permission.ACCOUNT_MANAGE, region)
        for permission in GRANTS[role]:
            wider = COVERED_BY.get(permission, ())
            assert may_in(granter, permission, region) or (wider and all(may_in(granter, p, region) for p in wider))
        assert role in grantable_roles(granter, region)
    else:
        assert role not in grantable_roles(granter, region)


def test_who_may_grant_what(officer, official, admin, clerk, land):
    assert set(grantable_roles(officer, land.village)) == {Role.VILLAGE_CLERK, Role.RESIDENT_TEAM, Role.AUDITOR}
    assert set(grantable_roles(officer, land.township)) == {Role.TOWNSHIP_OFFICER, Role.AUDITOR}
    assert grantable_roles(officer, land.county) == []
    assert grantable_roles(officer, land.far_village) == []
    assert set(grantable_roles(official, land.county)) == {
        Role.COUNTY_OFFICIAL, Role.DEPARTMENT_USER, Role.AUDITOR, Role.SYSTEM_ADMIN,
    }  # fmt: skip
    assert grantable_roles(admin, land.county) == [Role.SYSTEM_ADMIN]
    assert grantable_roles(clerk, land.village) == []


def test_the_verb_refuses_what_the_form_would_not_offer(officer, admin, land):
    for by, role, region in (
        (officer, Role.COUNTY_OFFICIAL, land.county),
        (officer, Role.VILLAGE_CLERK, land.far_village),
        (admin, Role.COUNTY_OFFICIAL, land.county),
        (admin, Role.VILLAGE_CLERK, land.village),
    ):
        with pytest.raises(PermissionDenied):
            services.open_account(username="newone", name="新人", region=region, role=role, by=by)
    with pytest.raises(services.AccountError, match="只能安排在村一级"):
        services.open_account(username="newone", name="新人", region=land.township, role=Role.VILLAGE_CLERK, by=officer)
    with pytest.raises(services.AccountError, match="由结对帮扶产生"):
        services.open_account(username="newone", name="新人", region=land.township, role=Role.HELPER, by=officer)
    assert not User.objects.filter(username="newone").exists()


def test_a_password_is_no_way_to_a_role(officer, official, admin, clerk, land):
    assert may_take_over(officer, clerk)
    assert may_take_over(official, officer)
    assert not may_take_over(admin, official)
    with pytest.raises(PermissionDenied):
        services.reset_password(user=official, by=admin)
    with pytest.raises(PermissionDenied):
        services.reset_password(user=official, by=officer)
    services.deactivate(user=official, by=admin, note="调离")
    with pytest.raises(PermissionDenied):
        services.reactivate(user=official, by=admin)


def test_nobody_manages_themselves(officer):
    for verb in (services.reset_password, services.deactivate):
        with pytest.raises(services.AccountError, match="自己的账号"):
            verb(user=officer, by=officer)


class TestWhichAccounts:
    def seen(self, user):
        return set(accounts_for(user).values_list("username", flat=True))

    def test_an_officer_sees_the_own_township_only(self, officer, official, clerk, resident, auditor, admin, land):
        PostingFactory(user=UserFactory(username="far"), region=land.far_village)
        assert self.seen(officer) == {"officer", "clerk", "resident"}
        assert self.seen(official) == {"officer", "clerk", "resident", "official", "auditor", "far"}
        assert self.seen(clerk) == set()

    def test_a_path_that_only_begins_alike_is_not_inside(self, land, officer):
        """Village 300 and 3000, township 30 and 301: "1/2/11/30/" is not the beginning of "1/2/110/301/"."""
        PostingFactory(user=UserFactory(username="other"), region=land.other_village)
        PostingFactory(user=UserFactory(username="near"), region=land.near_village)
        assert self.seen(officer) == {"officer", "near"}

    def test_a_foot_outside_hides_the_whole_account(self, land, officer, clerk):
        PostingFactory(user=clerk, region=land.far_village)
        assert self.seen(officer) == {"officer"}

    def test_without_a_posting_the_home_decides(self, land, officer):
        user, _password = services.open_account(username="helper1", name="帮扶人", region=land.township, by=officer)
        assert "helper1" in self.seen(officer)
        assert may_take_over(officer, user)

    def test_an_ended_posting_leaves_the_account_where_it_was(self, land, officer, official):
        user, _password = services.open_account(
            username="moved", name="调动", region=land.village, role=Role.VILLAGE_CLERK, by=officer
        )
        services.end_posting(posting=user.postings.get(), by=officer)
        assert "moved" in self.seen(officer)
        services.post_user(user=user, role=Role.VILLAGE_CLERK, region=land.far_village, by=official)
        assert "moved" not in self.seen(officer)


def test_overlapping_postings_are_refused_by_the_database(officer, clerk, land):
    with pytest.raises(services.AccountError, match="同一时间已经有相同的任职"):
        services.post_user(user=clerk, role=Role.VILLAGE_CLERK, region=land.village, by=officer)
    services.end_posting(posting=clerk.postings.get(), by=officer)
    assert services.post_user(user=clerk, role=Role.VILLAGE_CLERK, region=land.village, by=officer).pk
