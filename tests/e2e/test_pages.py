"""Every main page in a real browser: accessible by axe's rules, nothing wider than the screen, quiet console."""

from __future__ import annotations

import pytest
from django.urls import reverse

from surveys import standard
from tests.browser import follow, wrong_with
from tests.factories import NoticeFactory, PhotoFactory, RoundFactory, StatusChangeFactory, SurveyFormFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]


@pytest.fixture
def addresses(household):
    """Main pages of a county official, by name."""
    PhotoFactory(household=household)
    NoticeFactory(to="official")
    NoticeFactory(to="official", read=True)
    change = StatusChangeFactory(household=household)
    RoundFactory(region=household.township.parent, audience="all")
    definition = dict(standard.definitions())["household-2026.1.json"] | {"code": "own"}
    form = SurveyFormFactory(draft=True, code="own", region=household.township.parent, definition=definition)
    own = {"args": [household.pk]}
    member = household.members.get()
    return {
        "home": reverse("home"),
        "desk": reverse("visits:desk"),
        "list": reverse("households:household_list"),
        "nothing found": reverse("households:household_list") + "?status=returned",
        "ledger": reverse("households:household_detail", **own),
        "history": reverse("households:household_history", **own),
        "household form": reverse("households:household_edit", **own),
        "income form": reverse("households:income_edit", args=[household.pk, household.latest_year]),
        "member form": reverse("households:member_edit", args=[household.pk, member.pk]),
        "split": reverse("households:household_split", **own),
        "decision": reverse("households:status_decide", args=[household.pk, change.pk]),
        "reveal": reverse("households:reveal", **own) + "?what=phone",
        "imports": reverse("exchange:batch_list"),
        "upload": reverse("exchange:batch_new"),
        "print centre": reverse("reports:print_centre"),
        "print one": reverse("reports:print_household", **own),
        "survey forms": reverse("surveys:form_list"),
        "survey form": reverse("surveys:form_detail", args=[form.pk]),
        "survey form preview": reverse("surveys:form_preview", args=[form.pk]),
        "survey form upload": reverse("surveys:form_upload"),
        "survey form publishing": reverse("surveys:form_publish", args=[form.pk]),
        "survey rounds": reverse("surveys:round_list"),
        "survey round form": reverse("surveys:round_open"),
        "survey progress": reverse("surveys:progress"),
        "survey progress by surveyor": reverse("surveys:progress") + "?by=person",
        "survey gaps": reverse("surveys:gaps"),
        "survey gap list": reverse("surveys:gap_households"),
        "survey key-in": reverse("surveys:key_in"),
        "survey paper one": reverse("reports:print_household_sheet", **own),
        "survey effort": reverse("surveys:effort"),
        "survey list": reverse("surveys:progress_households"),
        "jobs": reverse("jobs:job_list"),
        "notices": reverse("notices:notice_list"),
        "accounts": reverse("accounts:account_list"),
        "account form": reverse("accounts:account_new"),
        "profile": reverse("accounts:profile"),
        "regions": reverse("regions:region_detail", args=[household.village.parent_id]),
    }


def test_axe_finds_nothing_and_nothing_is_too_wide(official, addresses, sign_in):
    assert wrong_with(sign_in(official), addresses) == {}


def test_log_in_search_and_open_without_script(household, clerk, sign_in):
    """Reading and simple forms need no JavaScript."""
    page = sign_in(clerk, java_script_enabled=False)
    page.goto(reverse("households:household_list"))
    page.locator("main input[name=q]").first.fill(household.householder_name[:2])
    follow(page.get_by_role("button", name="查找"))
    follow(page.locator(f"main a[href='{household.get_absolute_url()}']").first)
    assert household.householder_name in page.locator("h1").inner_text()
    page.goto(reverse("households:household_edit", args=[household.pk]))
    page.get_by_label("组（自然村）").fill("九组")
    follow(page.get_by_role("button", name="保存"))
    household.refresh_from_db()
    assert household.hamlet == "九组"


def test_a_section_of_the_menu_stays_as_it_was_left(official, sign_in):
    page = sign_in(official)
    section = page.locator("#menu details", has=page.get_by_role("heading", name="计划与帮扶"))
    assert section.get_attribute("open") is None
    section.locator("summary").click()
    section.get_by_role("link", name="帮扶计划").wait_for()
    page.goto("/")
    assert section.get_attribute("open") == ""
    section.locator("summary").click()
    page.goto("/")
    assert section.get_attribute("open") is None
