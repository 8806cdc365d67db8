"""行业部门: a department sees the measures of its own kinds in its county, delivers them, and learns nothing else of their households."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import services as accounts
from accounts.models import Posting, User
from accounts.roles import Permission, Role
from assistance.models import AssistanceEvidence, Confirmation, Delivery, Fund, Line, Measure, PayBatch
from assistance.services import funds
from assistance.services.deliveries import Given, deliver, deliver_many, reverse_delivery
from common import vault
from common.tiles import tiles_for
from households.models import Household
from plans.models import Plan
from tests.factories import HouseholdFactory, MemberFactory, PayBatchFactory, PlanFactory
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year
MINE = Permission.MEASURE_DEPARTMENT
OWN, OTHER = "教育局", "民政局"


def at(name, *args, **query):
    address = reverse(f"assistance:{name}", args=args)
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def text(response):
    return response.content.decode()


@pytest.fixture
def kind():
    return KindFactory(title="助学补助", in_kind=True, department=OWN)


@pytest.fixture
def own(household, kind):
    return MeasureFactory(household=household, kind=kind, approved=True)


@pytest.fixture
def foreign(household):
    return MeasureFactory(
        household=household, kind__title="养老补助", kind__in_kind=True, kind__department=OTHER, approved=True
    )


# -- whose they are ---------------------------------------------------------------------------------------------------------------


class TestGate:
    def test_own_kinds_in_the_own_county_only(self, department_user, own, foreign, kind, land):
        abroad = MeasureFactory(household=HouseholdFactory(village=land.other_village), kind=kind, approved=True)
        far = MeasureFactory(household=HouseholdFactory(village=land.far_village), kind=kind)
        nobodys = MeasureFactory(household=own.household, approved=True, kind__in_kind=True)
        assert set(Measure.objects.for_user(department_user, MINE)) == {own, far}
        given = [DeliveryFactory(measure=row) for row in (own, foreign, abroad, nobodys)]
        assert list(Delivery.objects.for_user(department_user, MINE)) == [given[0]]

    def test_whoever_has_no_department_has_nothing(self, own, officer, official, post, land):
        KindFactory(department="")
        for user in (officer, official, post(Role.DEPARTMENT_USER, land.county, department="")):
            assert not Measure.objects.for_user(user, MINE).exists()
        blocked = post(Role.DEPARTMENT_USER, land.county, department=OWN)
        blocked.is_active = False
        assert not Measure.objects.for_user(blocked, MINE).exists()
        over = post(Role.DEPARTMENT_USER, land.county, department=OWN, starts_on=dt.date(2020, 1, 1), ends_on=TODAY)
        assert not Measure.objects.for_user(over, MINE).exists()

    def test_nothing_else_is_seen(self, department_user, own):
        for model in (Measure, Delivery, Household, Fund, PayBatch, Plan, Confirmation):
            assert not model.objects.for_user(department_user).exists(), model

    @given(
        postings=st.lists(
            st.tuples(st.sampled_from(["county", "other_county"]), st.sampled_from([OWN, OTHER, "", "林业局"])),
            max_size=3,
        )
    )
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_postings_add_up_and_do_not_mix(self, land, postings):
        """Two postings never lend one another their county or their department."""
        with transaction.atomic():
            kinds = {name: KindFactory(department=name) for name in (OWN, OTHER, "")}
            homes = {"county": land.village, "other_county": land.other_village}
            rows = {
                (place, name): MeasureFactory(household=HouseholdFactory(village=village), kind=kind)
                for place, village in homes.items() for name, kind in kinds.items()
            }  # fmt: skip
            user = User(pk=1, username="x", name="x", is_active=True)
            user.__dict__["is_helper"] = False
            user.__dict__["postings_now"] = [
                Posting(role=Role.DEPARTMENT_USER, region=getattr(land, place), department=name)
                for place, name in postings
            ]
            expected = {row for key, row in rows.items() if key in postings and key[1]}
            assert set(Measure.objects.for_user(user, MINE)) == expected
            transaction.set_rollback(True)

    def test_ten_thousand_rows_are_read_in_an_index(self, department_user, kind, foreign, land):
        homes = HouseholdFactory.create_batch(2, village=land.village)
        stamp = {"proposed_by": "x", "proposed_at": timezone.now(), "state": "withdrawn"}
        Measure.objects.bulk_create(
            Measure(household=home, village_id=home.village_id, kind=foreign.kind, year=YEAR, **stamp) for home in homes for _n in range(6000)
        )  # fmt: skip
        MeasureFactory(household=homes[0], kind=kind)
        rows = Measure.objects.for_user(department_user, MINE).filter(year=YEAR).order_by("-pk")[:51]
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE assistance_measure")
        plan = rows.explain()
        assert "Index" in plan
        assert "Seq Scan" not in plan


# -- pages ------------------------------------------------------------------------------------------------------------------------


class TestPages:
    def test_the_list_names_people_by_masked_number_and_leads_to_no_ledger(
        self, client_as, department_user, own, foreign, kind
    ):
        member = MemberFactory(household=own.household, name="王小芳")
        MeasureFactory(
            household=own.household, kind=KindFactory(of_member=True, in_kind=True, department=OWN), member=member
        )
        page = client_as(department_user).get(at("department_list"))
        assert {row.measure.kind.department for row in page.context["rows"]} == {OWN}
        assert len(page.context["rows"]) == 2
        body = text(page)
        for person in (own.household.members.get(relation="01"), member):
            assert person.id_masked in body
            assert person.id_number.reveal() not in body
        assert "养老补助" not in body
        assert own.household.get_absolute_url() not in body

    def test_filters(self, client_as, department_user, own, kind, land):
        last = MeasureFactory(
            household=HouseholdFactory(village=land.far_village), kind=kind, year=YEAR - 1, state="proposed"
        )
        other = KindFactory(department=OTHER)
        client = client_as(department_user)

        def found(**query):
            return {row.measure for row in client.get(at("department_list", **query)).context["rows"]}

        assert found() == {own, last}
        assert found(year=YEAR) == {own}
        assert found(state="proposed") == {last}
        assert found(kind=kind.pk) == {own, last}
        assert found(kind=other.pk) == set()  # no choice of theirs
        assert found(region=land.far_village.pk) == {last}
        assert found(region=land.township.pk) == {own}
        assert found(region=land.other_village.pk) == set()

    def test_one_measure(self, client_as, department_user, own):
        given = DeliveryFactory(measure=own)
        Confirmation.objects.create(
            delivery=given, way="visit", on=TODAY, by="x", at=timezone.now(), received=False, note="没见到"
        )
        page = text(client_as(department_user).get(at("department_measure", own.pk)))
        assert "没见到" in page
        assert own.household.members.get(relation="01").id_masked in page
        for address in (
            own.household.get_absolute_url(),
            at("measure_detail", own.pk),
            at("delivery_confirm", given.pk),
        ):
            assert f'"{address}"' not in page

    def test_what_is_not_theirs(self, client_as, department_user, own, foreign, household, kind, land):
        client = client_as(department_user)
        plan = PlanFactory(household=household, in_progress=True)
        abroad = MeasureFactory(household=HouseholdFactory(village=land.other_village), kind=kind, approved=True)
        for address in (
            household.get_absolute_url(), reverse("plans:plan_detail", args=[plan.pk]), at("household_measures", household.pk),
            at("measure_detail", own.pk), at("measure_change", own.pk), at("delivery_new", own.pk), at("measure_propose", household.pk),
            at("department_measure", foreign.pk), at("department_deliver", foreign.pk), at("department_measure", abroad.pk),
            at("department_reverse", DeliveryFactory(measure=foreign).pk), at("batch_detail", PayBatchFactory(kind=kind).pk),
        ):  # fmt: skip
            assert client.get(address).status_code in (403, 404), address
        assert client.get(at("department_measure", foreign.pk)).status_code == 404
        assert client.get(household.get_absolute_url()).status_code == 404

    def test_the_api_tells_nothing(self, client_as, department_user, own, household):
        client = client_as(department_user)
        for name, args in (
            ("api:household-list", []),
            ("api:household-detail", [household.pk]),
            ("api:survey-list", []),
        ):
            answer = client.get(reverse(name, args=args))
            assert answer.status_code == 403
            assert household.householder_name not in text(answer)

    def test_no_page_grows_with_its_rows(self, client_as, department_user, own, kind, land, count_queries):
        addresses = [
            at("department_list"), at("department_measure", own.pk), at("department_batch", region=land.township.pk),
            at("department_batch", region=land.village.pk, kind=kind.code),
        ]  # fmt: skip
        DeliveryFactory(measure=own, period="1999")

        def counts():
            client = client_as(department_user)
            return [count_queries(lambda address=address: client.get(address)) for address in addresses]

        counts()
        few = counts()
        for _n in range(5):
            home = HouseholdFactory(village=land.village)
            MeasureFactory(household=home, kind=kind, approved=True)
            MeasureFactory(household=home, kind__department=OWN, approved=True)
            DeliveryFactory(measure=own, period=str(2000 + _n))
        assert counts() == few
        assert max(few) <= 12

    def test_tiles_count_what_they_open(self, client_as, department_user, own, foreign):
        found = {str(tile.label): tile for tile in tiles_for(department_user)}
        tile = found["待落实的措施"]
        page = client_as(department_user).get(tile.url)
        assert tile.count.value == len(page.context["rows"]) == 1
        assert "本部门措施" in text(client_as(department_user).get(reverse("home")))

    def test_a_posting_without_kinds_says_so(self, client_as, post, land):
        user = post(Role.DEPARTMENT_USER, land.county, department="已撤销的局")
        assert "没有您部门主管的措施" in text(client_as(user).get(at("department_list")))

    def test_photos_of_deliveries_but_no_signatures(self, client_as, department_user, own, foreign, picture):
        def photo(delivery):
            return AssistanceEvidence.objects.create(
                delivery=delivery, file=vault.put(f"evidence/dep-{delivery.pk}-{len(seen)}", picture().read()), sha256="0" * 64, width=60, height=40,
                uploaded_by="x",
            )  # fmt: skip

        seen = []
        given = DeliveryFactory(measure=own)
        seen.append(photo(given))
        signature = photo(given)
        Confirmation.objects.create(
            delivery=given, way="signature", on=TODAY, by="x", at=timezone.now(), evidence=signature
        )
        seen.append(signature)
        others = photo(DeliveryFactory(measure=foreign))
        client = client_as(department_user)
        assert client.get(at("evidence", seen[0].uid)).status_code == 200
        for hidden in (signature, others):
            assert client.get(at("evidence", hidden.uid)).status_code == 404
        page = text(client.get(at("department_measure", own.pk)))
        assert str(seen[0].uid) in page
        assert str(signature.uid) not in page


# -- delivering -------------------------------------------------------------------------------------------------------------------


class TestDelivering:
    def test_its_own(self, client_as, department_user, own):
        client = client_as(department_user)
        assert client.get(at("department_deliver", own.pk)).status_code == 200
        answer = client.post(at("department_deliver", own.pk), {"on": TODAY.isoformat(), "quantity": "2"})
        assert answer.url == at("department_measure", own.pk)
        delivery = own.deliveries.get()
        own.refresh_from_db()
        assert (delivery.by, delivery.quantity, own.state) == ("department", Decimal(2), "delivered")
        back = client.post(at("department_reverse", delivery.pk), {"reason": "发错人", "on": TODAY.isoformat()})
        assert back.url == at("department_measure", own.pk)
        own.refresh_from_db()
        assert own.state == "approved"

    def test_no_other(self, department_user, foreign, own, kind, land):
        for row in (
            foreign,
            MeasureFactory(household=HouseholdFactory(village=land.other_village), kind=kind, approved=True),
        ):
            with pytest.raises(PermissionDenied):
                deliver(measure=row, on=TODAY, by=department_user)
        with pytest.raises(PermissionDenied):
            deliver_many(given=[Given(own), Given(foreign)], on=TODAY, by=department_user)
        delivery = deliver(measure=own, on=TODAY, by=department_user)
        Posting.objects.filter(user=department_user).update(department=OTHER)
        with pytest.raises(PermissionDenied):
            reverse_delivery(delivery=delivery, reason="x", by=User.objects.get(pk=department_user.pk))
        assert not foreign.deliveries.exists()

    def test_not_before_it_is_approved(self, client_as, department_user, household, kind):
        waiting = MeasureFactory(household=household, kind=kind)
        answer = client_as(department_user).post(at("department_deliver", waiting.pk), {"on": TODAY.isoformat()})
        assert answer.status_code == 422
        assert "批准后才能登记落实" in text(answer)
        assert not waiting.deliveries.exists()

    def test_with_money_of_the_county(self, client_as, department_user, household, fund):
        measure = MeasureFactory(household=household, kind__department=OWN, approved=True, amount=Decimal(300))
        data = {"on": TODAY.isoformat(), "fund_1": fund.pk, "amount_1": "300"}
        client = client_as(department_user)
        assert client.post(at("department_deliver", measure.pk), data).status_code == 302
        delivery = measure.deliveries.get()
        assert Line.objects.filter(delivery=delivery, account__kind="paid").get().amount == Decimal(300)
        assert (
            client.post(at("department_reverse", delivery.pk), {"reason": "重复", "on": TODAY.isoformat()}).status_code
            == 302
        )
        assert funds.short_of(fund, Decimal(10_000)) == 0

    def test_the_fund_is_theirs_for_nothing_else(self, client_as, department_user, foreign, fund):
        measure = MeasureFactory(household=foreign.household, approved=True, kind__department=OTHER)
        unsaved = Delivery(pk=10**9, kind=measure.kind, household=measure.household, village_id=measure.village_id)
        with pytest.raises(PermissionDenied):
            funds.pay([(unsaved, [(fund, Decimal(5))])], on=TODAY, by=department_user)
        client = client_as(department_user)
        for address in (at("fund_list"), at("fund_page", fund.pk), at("batch_list"), at("batch_new")):
            assert client.get(address).status_code in (403, 404), address

    def test_no_fund_of_another_county(self, department_user, household, land, official, post):
        boss = post(Role.COUNTY_OFFICIAL, land.other_county)
        made = funds.open_fund(
            region=land.other_county, source="county", year=YEAR, title="别县", ceiling=Decimal(1000), by=boss
        )
        funds.plan(fund=made, amount=Decimal(500), on=dt.date(YEAR, 1, 1), by=boss)
        funds.allot(fund=made, amount=Decimal(500), on=dt.date(YEAR, 1, 1), by=boss)
        measure = MeasureFactory(household=household, kind__department=OWN, approved=True)
        with pytest.raises(PermissionDenied):
            deliver(measure=measure, on=TODAY, by=department_user, shares=[(made, Decimal(5))])
        assert not measure.deliveries.exists()

    def test_a_village_at_once(self, client_as, department_user, own, foreign, kind, land):
        second = MeasureFactory(household=HouseholdFactory(village=land.village), kind=kind, approved=True)
        client = client_as(department_user)
        first = client.get(at("department_batch"))
        assert [row.pk for row in first.context["chosen"].townships] == [land.township.pk, land.next_township.pk]
        waiting = client.get(at("department_batch", region=land.township.pk)).context["waiting"]
        assert [(each.kind, each.count) for each in waiting] == [(kind.title, 2)]
        table = client.get(waiting[0].url)
        assert len(table.context["entries"]) == waiting[0].count
        assert own.household.get_absolute_url() not in text(table)
        assert own.household.members.get(relation="01").id_masked in text(table)
        data = {"on": TODAY.isoformat(), f"quantity-{own.pk}": "1", f"quantity-{second.pk}": "1"}
        assert client.post(waiting[0].url, data).status_code == 302
        assert Delivery.objects.filter(kind=kind).count() == 2
        named = client.get(at("department_batch", region=land.village.pk, kind=foreign.kind.code))
        assert named.context["chosen"].kind is None


# -- postings ---------------------------------------------------------------------------------------------------------------------


class TestPostings:
    def opened(self, land, **more):
        return {
            "name": "周敏", "username": "zhoumin", "region": land.county.pk, "role": "department_user", "starts_on": "2026-01-05",
            "department": OWN,
        } | more  # fmt: skip

    def test_a_department_is_chosen_from_the_catalogue(self, client_as, official, land, kind):
        KindFactory(department="团县委", valid_to=dt.date(2020, 1, 1))
        client = client_as(official)
        form = client.get("/accounts/new/").context["form"]
        offered = [value for value, _label in form.fields["department"].choices]
        assert {"", OWN, OTHER, "团县委"} <= set(offered)
        assert len(offered) == len(set(offered))
        for wrong, said in ((("department", "教育"), "没有这个部门"), (("department", ""), "请选择这个人所在的部门")):
            answer = client.post("/accounts/new/", self.opened(land, **dict([wrong])))
            assert answer.status_code == 422
            assert said in text(answer)
        assert client.post("/accounts/new/", self.opened(land)).status_code == 200
        assert Posting.objects.get(user__username="zhoumin").department == OWN

    def test_the_verb_asks_too(self, official, land, clerk):
        facts = {"region": land.county, "role": Role.DEPARTMENT_USER, "by": official}
        for name in ("", "教育", "不存在的局"):
            with pytest.raises(accounts.ValidationError) as error:
                accounts.open_account(username="zhoumin", name="周敏", department=name, **facts)
            assert "department" in error.value.message_dict
            with pytest.raises(accounts.ValidationError):
                accounts.post_user(user=clerk, department=name, **facts)
        assert not User.objects.filter(username="zhoumin").exists()

    def test_old_free_text_stays_readable(self, client_as, official, post, land):
        user = post(Role.DEPARTMENT_USER, land.county, department="教育")
        assert "教育" in text(client_as(official).get(reverse("accounts:account_detail", args=[user.pk])))

    def test_a_role_that_does_not_offer_it_has_no_field(self, client_as, officer):
        assert "department" not in client_as(officer).get("/accounts/new/").context["form"].fields
