"""Coming in: password, lock-out, forced change of a first password, second step."""

import pyotp
import pytest
from django.urls import reverse

from accounts import services
from accounts.models import User
from common.models import AuditEvent
from tests.factories import UserFactory
from tests.factories.accounts import PASSWORD

LOGIN = "/accounts/login/"
NEW = "白日依山尽-黄河入海流"


@pytest.fixture
def user(db):
    return UserFactory(username="zhangwei", name="张伟")


def log_in(client, username="zhangwei", password=PASSWORD, **more):
    return client.post(LOGIN, {"username": username, "password": password, **more})


def signed_in(client):
    return "_auth_user_id" in client.session


def test_a_page_asks_for_the_log_in_and_comes_back(client, user):
    answer = client.get(reverse("accounts:profile"))
    assert answer.url == f"{LOGIN}?next=/accounts/me/"
    assert '<input type="hidden" name="next" value="/accounts/me/">' in client.get(answer.url).content.decode()
    assert log_in(client, next="/accounts/me/").url == "/accounts/me/"
    assert AuditEvent.objects.filter(action="account.logged_in", actor="zhangwei").count() == 1


def test_nobody_is_sent_to_another_site(client, user):
    assert log_in(client, next="https://evil.example/").url == "/"


def test_a_wrong_password_and_an_unknown_name_look_alike(client, user):
    wrong, unknown = log_in(client, password="nope"), log_in(client, username="nobody")
    assert wrong.status_code == unknown.status_code == 422
    assert "用户名或密码不对" in wrong.content.decode()
    assert "用户名或密码不对" in unknown.content.decode()


def test_five_failures_lock_the_account_even_for_the_right_password(client, user):
    for _n in range(5):
        answer = log_in(client, password="nope")
    assert answer.status_code == 429
    assert "连续 5 次没有登录成功" in answer.content.decode()
    assert "15 分钟后再试" in answer.content.decode()
    assert log_in(client).status_code == 429
    assert not signed_in(client)


def test_the_officer_unlocks(client, client_as, clerk, officer):
    for _n in range(5):
        log_in(client, "clerk", "nope")
    page = client_as(officer).get(f"/accounts/{clerk.pk}/").content.decode()
    assert "账号锁定到" in page
    assert client_as(officer).post(f"/accounts/{clerk.pk}/unlock/").status_code == 302
    assert log_in(client, "clerk").status_code == 302
    assert signed_in(client)
    assert AuditEvent.objects.filter(action="account.unlocked", actor="officer").exists()


def test_a_blocked_account_cannot_come_in_and_is_thrown_out(client, client_as, clerk, officer):
    inside = client_as(clerk)
    assert inside.get("/accounts/me/").status_code == 200
    services.deactivate(user=clerk, by=officer)
    assert inside.get("/accounts/me/").status_code == 302
    assert log_in(client, "clerk").status_code == 422


def test_log_out_is_a_post(client_as, user):
    browser = client_as(user)
    assert browser.get("/accounts/logout/").status_code == 405
    assert browser.post("/accounts/logout/").status_code == 302
    assert not signed_in(browser)


class TestFirstPassword:
    @pytest.fixture
    def browser(self, client_as, clerk):
        User.objects.filter(pk=clerk.pk).update(must_change_password=True)
        return client_as(clerk)

    def test_leads_every_page_to_the_change(self, browser):
        for path in ("/", "/accounts/me/", "/regions/picker/"):
            assert browser.get(path).url == "/accounts/password/"
        assert browser.get("/api/regions/").status_code == 403

    def test_may_be_changed_without_the_old_one(self, browser, clerk):
        assert browser.post("/accounts/password/", {"new": NEW, "again": NEW}).url == "/"
        assert browser.get("/accounts/me/").status_code == 200
        clerk.refresh_from_db()
        assert clerk.check_password(NEW)
        assert not clerk.must_change_password

    @pytest.mark.parametrize(
        ("new", "again", "sentence"),
        [
            ("1234567890123", "1234567890123", "密码只包含数字"),
            ("short", "short", "密码太短"),
            (PASSWORD, PASSWORD, "新密码不能和现在的一样"),
            (NEW, "别的一串文字而已", "两遍新密码不一样"),
        ],
    )
    def test_must_be_a_good_new_one(self, browser, new, again, sentence):
        answer = browser.post("/accounts/password/", {"new": new, "again": again})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()


def test_changing_a_password_later_asks_for_the_old_one_and_keeps_the_session(client_as, user):
    browser = client_as(user)
    refused = browser.post("/accounts/password/", {"old": "nope", "new": NEW, "again": NEW})
    assert "现在的密码不对" in refused.content.decode()
    assert browser.post("/accounts/password/", {"old": PASSWORD, "new": NEW, "again": NEW}).status_code == 302
    assert browser.get("/accounts/me/").status_code == 200


class TestSecondStep:
    @pytest.fixture
    def codes(self, client_as, user):
        """Switch it on through the page; the recovery codes."""
        browser = client_as(user)
        form = browser.get("/accounts/me/totp/").context["form"]
        sealed = form.initial["sealed"]
        secret = services.open_totp_secret(user, sealed)
        wrong = browser.post("/accounts/me/totp/", {"sealed": sealed, "code": "12345"})
        assert wrong.status_code == 422
        shown = browser.post("/accounts/me/totp/", {"sealed": sealed, "code": pyotp.TOTP(secret).now()})
        return shown.context["codes"]

    def fresh_code(self, user):
        """The code of the next half minute: the one of this was used up when the step was switched on."""
        secret = User.objects.get(pk=user.pk).totp_secret.reveal()
        return pyotp.TOTP(secret).generate_otp(User.objects.get(pk=user.pk).totp_last_step + 1)

    def test_the_password_alone_lets_nobody_in(self, client, user, codes):
        assert log_in(client, next="/accounts/me/").url == "/accounts/login/code/"
        assert not signed_in(client)
        assert client.get("/accounts/me/").status_code == 302

    def test_the_code_does_and_leads_on(self, client, user, codes):
        log_in(client, next="/accounts/me/")
        assert client.post("/accounts/login/code/", {"code": self.fresh_code(user)}).url == "/accounts/me/"
        assert client.get("/accounts/me/").status_code == 200

    def test_a_code_is_good_once(self, client, client_as, user, codes):
        code = self.fresh_code(user)
        log_in(client)
        client.post("/accounts/login/code/", {"code": code})
        client.post("/accounts/logout/")
        log_in(client)
        again = client.post("/accounts/login/code/", {"code": code})
        assert again.status_code == 422
        assert "已经用过" in again.content.decode()
        assert not signed_in(client)

    def test_a_recovery_code_is_good_once(self, client, user, codes):
        log_in(client)
        assert client.post("/accounts/login/code/", {"code": codes[0]}).status_code == 302
        client.post("/accounts/logout/")
        log_in(client)
        assert client.post("/accounts/login/code/", {"code": codes[0]}).status_code == 422
        assert client.post("/accounts/login/code/", {"code": codes[1].upper().replace("-", " ")}).status_code == 302
        assert len(User.objects.get(pk=user.pk).totp_recovery) == services.RECOVERY_CODES - 2

    def test_wrong_codes_lock_the_account(self, client, user, codes):
        log_in(client)
        for _n in range(5):
            answer = client.post("/accounts/login/code/", {"code": "000000"})
        assert answer.status_code == 429
        log_in(client)
        assert client.post("/accounts/login/code/", {"code": codes[0]}).status_code in (302, 429)
        assert not signed_in(client)

    def test_the_step_without_the_password_leads_back(self, client, user, codes):
        assert client.get("/accounts/login/code/").url == LOGIN

    def test_switching_off_asks_for_the_password(self, client_as, user, codes):
        browser = client_as(user)
        assert "密码不对" in browser.post("/accounts/me/totp/off/", {"password": "nope"}).content.decode()
        assert browser.post("/accounts/me/totp/off/", {"password": PASSWORD}).status_code == 302
        assert not User.objects.get(pk=user.pk).has_totp

    def test_a_seal_of_somebody_else_is_refused(self, user, codes):
        sealed, _address = services.new_totp_secret(UserFactory())
        with pytest.raises(services.AccountError, match="过期"):
            services.totp_address(user, sealed)

    def test_secrets_are_in_no_event(self, user, codes):
        bodies = "".join(AuditEvent.objects.values_list("body", flat=True))
        stored = User.objects.get(pk=user.pk)
        assert stored.totp_secret.reveal() not in bodies
        assert not any(hashed in bodies for hashed in stored.totp_recovery)


def test_preferences_are_kept_with_the_account(client, client_as, user):
    client_as(user).post("/accounts/me/preferences/", {"language": "en", "large_text": "on"})
    answer = log_in(client)
    assert answer.cookies["django_language"].value == "en"
    assert User.objects.get(pk=user.pk).large_text


def test_my_page_lists_my_log_ins(client, user):
    log_in(client)
    assert "127.0.0.1" in client.get("/accounts/me/").content.decode()
