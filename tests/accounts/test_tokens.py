"""Tokens of programs: who may open one, what it opens, when it ends, what is known of it."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts import services, tokens
from accounts.models import ApiToken
from accounts.roles import BY_PROGRAM, Permission, Role
from common.models import AuditEvent
from tests.factories import HouseholdFactory, PostingFactory, UserFactory

pytestmark = pytest.mark.django_db
P = Permission
API = "/api/households/"


@pytest.fixture
def platform(land):
    """The account of another system: it reads the whole county."""
    user = UserFactory(username="platform", name="县数据平台", home=land.county)
    PostingFactory(user=user, role=Role.AUDITOR, region=land.county)
    return user


def soon(days=30):
    return timezone.localdate() + dt.timedelta(days=days)


@pytest.fixture
def issued(platform, official):
    """`issued(*permissions) -> (token, text)`."""

    def issue(*permissions, **facts):
        facts = {"name": "每日取数", "expires_on": soon(), "permissions": permissions or [P.HOUSEHOLD_VIEW]} | facts
        return tokens.issue(user=platform, by=official, **facts)

    return issue


def ask(client, text, url=API):
    return client.get(url, headers={"Authorization": f"Bearer {text}"})


class TestWhatItOpens:
    def test_the_rows_of_its_account(self, client, issued, land):
        inside, outside = HouseholdFactory(village=land.village), HouseholdFactory(village=land.other_village)
        _token, text = issued()
        assert [row["id"] for row in ask(client, text).json()["results"]] == [inside.pk]
        assert ask(client, text, f"{API}{outside.pk}/").status_code == 404

    def test_nothing_but_what_it_may(self, client, issued, land, platform):
        _token, text = issued(P.FIGURES_VIEW)
        assert ask(client, text).status_code == 403
        assert ask(client, text, f"/api/boards/{land.county.pk}/").status_code == 200
        assert [each["code"] for each in ask(client, text, "/api/me/").json()["permissions"]] == ["figures.view"]
        assert P.HOUSEHOLD_VIEW in platform.held  # the account itself may

    def test_of_the_first_page_what_it_may(self, client, issued, land):
        HouseholdFactory(village=land.village)
        _token, figures = issued(P.FIGURES_VIEW)
        _token, ledgers = issued(P.HOUSEHOLD_VIEW, name="台账")
        assert ask(client, figures, "/api/first-page/").json()["area"] is None
        assert ask(client, ledgers, "/api/first-page/").json()["area"]["total"]["households"] == 1

    def test_no_page(self, client, issued):
        _token, text = issued()
        assert ask(client, text, "/households/").status_code == 302

    def test_not_more_than_its_account_may_later(self, client, issued, platform, official):
        _token, text = issued()
        services.end_posting(posting=platform.postings.get(), by=official)
        assert ask(client, text).status_code == 403

    @pytest.mark.parametrize("text", ["yihu_nonsense", "", "a b", "é"])
    def test_what_is_no_token_is_refused(self, client, db, text):
        answer = client.get(API, headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"
        assert "令牌" in answer.json()["error"]

    def test_a_first_password_is_changed_first(self, client, issued, platform):
        _token, text = issued()
        type(platform).objects.filter(pk=platform.pk).update(must_change_password=True)
        assert ask(client, text).status_code == 403

    def test_so_many_requests_a_minute(self, client, issued, settings):
        settings.API_RATE = 2
        _token, text = issued()
        assert [ask(client, text).status_code for _n in range(3)] == [200, 200, 429]
        refused = ask(client, text)
        assert int(refused["Retry-After"]) > 0
        assert "太频繁" in refused.json()["error"]


class TestItsEnd:
    def test_revoked(self, client, issued, official):
        token, text = issued()
        tokens.revoke(token=token, by=official)
        assert ask(client, text).status_code == 401
        with pytest.raises(services.AccountError):
            tokens.revoke(token=token, by=official)

    def test_over(self, client, issued):
        token, text = issued()
        ApiToken.objects.filter(pk=token.pk).update(expires_on=timezone.localdate())
        assert ask(client, text).status_code == 401

    def test_its_account_stopped(self, client, issued, platform, official):
        _token, text = issued()
        services.deactivate(user=platform, by=official)
        assert ask(client, text).status_code == 401


class TestWhoOpensOne:
    def test_only_who_could_take_the_account_over(self, platform, officer, clerk):
        for by in (officer, clerk):
            with pytest.raises(PermissionDenied):
                tokens.issue(user=platform, name="x", permissions=[P.HOUSEHOLD_VIEW], expires_on=soon(), by=by)

    def test_for_oneself_with_the_permission_to_manage(self, official):
        token, _text = tokens.issue(
            user=official, name="试用", permissions=[P.FIGURES_VIEW], expires_on=soon(), by=official
        )
        assert token.user == official

    @pytest.mark.parametrize(
        ("facts", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "长" * 61}, "name"),
            ({"permissions": []}, "permissions"),
            ({"permissions": [P.PII_REVEAL]}, "permissions"),  # nobody's program uncovers numbers
            ({"permissions": [P.HOUSEHOLD_VIEW, P.PLAN_APPROVE]}, "permissions"),
            ({"expires_on": timezone.localdate()}, "expires_on"),
            ({"expires_on": timezone.localdate() + dt.timedelta(days=367)}, "expires_on"),
        ],
    )
    def test_bad_input_is_said_at_its_field(self, issued, facts, field):
        with pytest.raises(ValidationError) as refused:
            issued(**facts)
        assert list(refused.value.message_dict) == [field]
        assert not ApiToken.objects.exists()

    def test_no_more_than_ten(self, issued, official):
        made = [issued()[0] for _n in range(tokens.MOST)]
        with pytest.raises(services.AccountError):
            issued()
        tokens.revoke(token=made[0], by=official)
        issued()

    def test_nothing_that_decides_or_uncovers_is_for_programs(self):
        assert not {P.PII_REVEAL, P.LEDGER_PRINT_FULL, P.STATUS_CONFIRM, P.FUND_PAY, P.ACCOUNT_MANAGE} & set(BY_PROGRAM)


class TestWhatIsKnownOfIt:
    def test_the_text_is_stored_nowhere(self, issued):
        token, text = issued()
        assert text not in str(ApiToken.objects.filter(pk=token.pk).values().get())
        event = AuditEvent.objects.get(action="account.token_issued")
        assert text not in str(event.__dict__)
        assert text[9:] not in str(event.__dict__)

    def test_when_it_was_used_last(self, client, issued):
        token, text = issued()
        ask(client, text)
        token.refresh_from_db()
        first = token.last_used_at
        ask(client, text)
        token.refresh_from_db()
        assert token.last_used_at == first  # written no oftener than every few minutes
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=first - dt.timedelta(hours=1))
        ask(client, text)
        token.refresh_from_db()
        assert token.last_used_at > first - dt.timedelta(minutes=1)


class TestPages:
    def test_opened_shown_once_and_ended(self, client_as, official, platform, client):
        browser = client_as(official)
        new = reverse("accounts:token_new", args=[platform.pk])
        assert "县数据平台" in browser.get(new).content.decode()
        data = {"name": "每日取数", "permissions": ["household.view"], "expires_on": soon().isoformat()}
        shown = browser.post(new, data)
        text = shown.context["text"]
        assert text in shown.content.decode()
        assert "no-store" in shown["Cache-Control"]
        assert ask(client, text).status_code == 200
        page = browser.get(reverse("accounts:account_detail", args=[platform.pk])).content.decode()
        assert text[:9] in page
        assert text not in page
        token = platform.tokens.get()
        end = reverse("accounts:token_revoke", args=[token.pk])
        assert "马上取不到数" in browser.get(end).content.decode()
        assert browser.post(end).status_code == 302
        assert ask(client, text).status_code == 401

    def test_an_error_is_said_and_nothing_made(self, client_as, official, platform):
        answer = client_as(official).post(reverse("accounts:token_new", args=[platform.pk]), {"name": "x"})
        assert answer.status_code == 422
        assert "至少一项" in answer.content.decode()
        assert not ApiToken.objects.exists()

    def test_how_to_ask_is_a_page(self, client_as, clerk):
        page = client_as(clerk).get(reverse("api_docs")).content.decode()
        assert "/api/households/" in page
        assert "Authorization" in page
