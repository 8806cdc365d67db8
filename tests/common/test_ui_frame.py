"""The frame around pages: navigation by permission, switches of the header, error pages, the developers' gallery."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory

from accounts.roles import Permission
from common import navigation
from common.gallery import gallery


@pytest.fixture
def own_items(monkeypatch):
    """An empty registry for this test."""
    monkeypatch.setattr(navigation, "_items", {})


def item(url_name, **fields):
    return navigation.Item(**({"section": "daily", "label": url_name, "url_name": url_name, "icon": "home"} | fields))


def test_only_what_the_user_may_open_is_listed(own_items, clerk):
    navigation.register(
        item("home"),
        item("households:household_list", permission=Permission.HOUSEHOLD_VIEW),
        item("accounts:user_list", permission=Permission.ACCOUNT_MANAGE, section="admin"),
    )
    assert [link.label for link in navigation.links_for(clerk, "/")] == ["home", "households:household_list"]
    assert navigation.links_for(AnonymousUser(), "/") == []


def test_the_longest_address_is_current(own_items, clerk):
    navigation.register(item("home"), item("households:household_list"))
    current = {link.label: link.current for link in navigation.links_for(clerk, "/households/1/")}
    assert current == {"home": False, "households:household_list": True}
    assert [link.label for link in navigation.links_for(clerk, "/elsewhere/") if link.current] == []


def test_sections_keep_their_order_and_empty_ones_vanish(own_items, clerk):
    navigation.register(item("households:household_list", section="admin"), item("home", weight=90))
    sections = navigation.by_section(navigation.links_for(clerk, "/"))
    assert [str(section.label) for section in sections] == ["日常", "管理"]


def test_a_section_is_folded_unless_it_is_daily_or_holds_the_page_and_says_what_waits(own_items, clerk):
    navigation.register(
        item("home"),
        item("surveys:survey_list", section="review", badge=lambda user: 700),
        item("surveys:task_list", section="review", badge=lambda user: 300),
        item("jobs:job_list", section="print"),
    )

    def seen(path):
        sections = navigation.by_section(navigation.links_for(clerk, path))
        return {section.key: (section.is_open, section.shown) for section in sections}

    assert seen("/") == {"daily": (True, ""), "review": (False, "999+"), "print": (False, "")}
    assert seen("/jobs/")["print"] == (True, "")


def test_a_section_unfolded_on_this_device_stays_unfolded(official, client_as):
    client = client_as(official)
    client.cookies["menu"] = "daily.village.nonsense"
    page = client.get("/").content.decode()
    assert '<details data-section="village" open>' in page
    assert '<details data-section="people">' in page


def test_an_unknown_section_is_refused():
    with pytest.raises(ValueError, match="No section"):
        navigation.register(item("home", section="elsewhere"))


def test_large_text_is_remembered_on_the_device(client):
    answer = client.post("/text-size/", {"size": "large", "next": "/accounts/login/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/")
    assert client.cookies["text"].value == "large"
    client.post("/text-size/", {"size": "normal"})
    assert client.cookies["text"].value == "normal"


def test_switches_do_not_lead_to_other_sites(client):
    assert client.post("/text-size/", {"size": "large", "next": "https://example.org/"}).headers["Location"] == "/"
    assert client.get("/text-size/").status_code == 405


def test_language_can_be_switched_before_logging_in(client):
    assert client.post("/i18n/setlang/", {"language": "en", "next": "/accounts/login/"}).status_code == 302
    assert client.cookies["django_language"].value == "en"


def test_pages_are_chinese_whatever_the_browser_prefers(client, db):
    answer = client.get("/accounts/login/", headers={"Accept-Language": "en-US,en;q=0.9"})
    assert answer.headers["Content-Language"] == "zh-hans"
    client.cookies["django_language"] = "en"
    assert client.get("/accounts/login/").headers["Content-Language"] == "en"


@pytest.mark.parametrize("code", [400, 403, 404, 500])
def test_error_pages_stand_alone_and_show_a_way_on(code):
    html = render_to_string(f"{code}.html")
    assert "回首页" in html
    assert "<h1>" in html


@pytest.fixture
def page(clerk):
    """The gallery as the clerk sees it."""
    request = RequestFactory().get("/dev/components/")
    request.user = clerk
    return gallery(request).content.decode()


def test_the_frame_names_place_and_person(page):
    assert re.search(r"青石村 ·\s+村信息员", page)
    assert 'action="/accounts/logout/"' in page


def test_nothing_inline(page):
    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|hx-on|javascript:", page)
    assert not re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", page)
    assert "//cdn" not in page


def test_ids_are_unique(page):
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(set(ids)) == sorted(ids)


def test_full_identity_numbers_are_nowhere(page):
    assert not re.search(r"\d{17}[\dX]", page)
