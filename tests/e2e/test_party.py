"""A session of a classroom on a phone: planned, signed in to by list and by QR, with a photo, held; and what the county then sees."""

import pytest
from django.urls import reverse

from party.models import Attendance, PartyEvidence, Session
from tests.browser import follow, too_wide, wrong_with
from tests.factories.party import (
    ActivityFactory,
    BranchFactory,
    CourseFactory,
    FacilityFactory,
    PersonFactory,
    ProposalFactory,
    SessionFactory,
)
from tests.factories.plans import picture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]


def narrow(page):
    """Nothing stands out at the right."""
    assert too_wide(page) == []


def test_the_pages_are_accessible_and_fit(sign_in, land, officer):
    branch = BranchFactory(village=land.village)
    person, session = PersonFactory(branch=branch), SessionFactory(village=land.village)
    activity, facility = ActivityFactory(branch=branch), FacilityFactory(village=land.village)
    proposal = ProposalFactory(person__branch=branch)
    v, b, p, s = land.village.pk, branch.pk, person.pk, session.pk
    pages = [
        *(f"?theme={theme}" for theme in ("staffing", "development", "classroom", "life", "facilities")), "villages/", f"villages/{v}/",
        *(f"villages/{v}/{tab}/" for tab in ("development", "classroom", "life", "facilities", "sessions/new", "facilities/new", "branches/new")),
        "branches/", f"branches/{b}/posts/new/", f"branches/{b}/apply/", f"branches/{b}/members/new/", f"branches/{b}/activities/new/",
        "people/", f"people/{p}/", f"people/{p}/able/", f"people/{p}/leave/", f"people/{proposal.person_id}/", "development/", "proposals/",
        f"proposals/{proposal.pk}/refuse/", "courses/", "sessions/", f"sessions/{s}/", f"sessions/{s}/attendance/", f"sessions/{s}/qr/", "unreached/",
        "due/", "activities/", f"activities/{activity.pk}/", "facilities/", f"facilities/{facility.pk}/check/", "rules/", f"sign-in/{session.token}/",
    ]  # fmt: skip
    addresses = {page: f"/party/{page}" for page in pages}
    assert wrong_with(sign_in(officer), addresses) == {}


def test_a_session_from_the_plan_to_the_county_s_figures(sign_in, live_server, chromium, land, resident, official):
    branch = BranchFactory(village=land.village)
    PersonFactory(branch=branch, name="石大山")
    PersonFactory(branch=branch, name="王芳")  # phone …1234
    CourseFactory(region=land.county, title="防返贫政策怎么用")

    county = sign_in(official)
    county.goto("/party/?theme=classroom")
    county.get_by_role("row", name="石门乡").get_by_role(
        "link", name="2", exact=True
    ).first.wait_for()  # two villages without

    page = sign_in(resident, width=390)
    page.goto(reverse("party:village", args=[land.village.pk]))
    narrow(page)
    follow(page.get_by_role("navigation", name="本页各部分").get_by_role("link", name="四大课堂"))
    follow(page.get_by_role("link", name="登记课堂"))
    narrow(page)
    page.get_by_label("授课人").fill("驻村队员")
    follow(page.get_by_role("button", name="登记", exact=True))
    page.get_by_text("下面可以签到").wait_for()
    session = Session.objects.get()
    assert (session.state, session.course.title) == ("planned", "防返贫政策怎么用")

    follow(page.get_by_role("link", name="按名单签到"))
    narrow(page)
    page.get_by_text("石大山", exact=True).click()
    follow(page.get_by_role("button", name="保存名单"))
    page.get_by_text("签到 1 人").first.wait_for()

    follow(page.get_by_role("link", name="扫码签到"))
    narrow(page)
    assert page.get_by_alt_text("签到码").is_visible()
    address = reverse("party:sign_in", args=[session.token])
    page.get_by_text(address).wait_for()
    phone = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=live_server.url
    ).new_page()
    phone.goto(address)
    narrow(phone)
    assert "石大山" not in phone.content()
    phone.get_by_label("姓名").fill("王芳")
    phone.get_by_label("手机号后四位").fill("9999")
    follow(phone.get_by_role("button", name="签到"))
    phone.get_by_text("没有对上").first.wait_for()
    phone.get_by_label("手机号后四位").fill("1234")
    follow(phone.get_by_role("button", name="签到"))
    phone.get_by_text("签到成功").wait_for()
    phone.context.close()

    page.goto(reverse("party:session_detail", args=[session.pk]))
    page.get_by_text("签到 2 人").first.wait_for()
    follow(page.get_by_role("link", name="上传照片"))
    shot = picture()
    page.set_input_files("input[type=file]", {"name": "课堂.jpg", "mimeType": "image/jpeg", "buffer": shot.read()})
    follow(page.get_by_role("button", name="上传"))
    page.get_by_text("照片已上传").wait_for()
    follow(page.get_by_role("link", name="登记已开课"))
    page.get_by_label("到场群众").fill("23")
    follow(page.get_by_role("button", name="登记", exact=True))
    page.get_by_text("已登记为已开课").wait_for()
    narrow(page)
    session.refresh_from_db()
    assert (session.state, session.villagers, PartyEvidence.objects.count()) == ("held", 23, 1)
    assert set(Attendance.objects.values_list("person__name", "how")) == {("石大山", "list"), ("王芳", "qr")}

    county.reload()
    row = county.get_by_role("row", name="石门乡")
    assert [cell.strip() for cell in row.get_by_role("cell").all_inner_texts()] == [
        "1",
        "0",
        "0",
        "0",
        "1",
        "2",
        "0",
        "23",
    ]
    follow(row.get_by_role("link", name="2"))
    county.get_by_text("共 2 人").wait_for()
