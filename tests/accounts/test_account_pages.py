"""The pages on which accounts of others are opened and looked after."""

import io

import openpyxl
import pytest

from accounts import services
from accounts.models import User
from accounts.roles import Role
from cadres.models import Cadre
from common.models import AuditEvent
from tests.factories.accounts import PASSWORD

SHEET = "/cadres/accounts/"
HEAD = ("用户名", "姓名", "角色", "区划代码", "乡镇", "村", "手机", "单位", "职务")


def opened(land, **more):
    return {
        "name": "李 敏", "username": "limin", "phone": "13800000001", "region": land.village.pk, "role": "village_clerk",
        "starts_on": "2026-01-05", "department": "",
    } | more  # fmt: skip


class TestOpening:
    def test_the_password_is_shown_once_and_must_be_changed(self, client, client_as, officer, land):
        page = client_as(officer).post("/accounts/new/", opened(land))
        password = page.context["password"]
        assert password in page.content.decode()
        assert page["Cache-Control"].count("no-store")
        user = User.objects.get(username="limin")
        assert (user.name, user.phone_masked, user.home) == ("李敏", "138****0001", land.village)
        assert client.post("/accounts/login/", {"username": "limin", "password": password}).status_code == 302
        assert client.get("/accounts/me/").url == "/accounts/password/"
        bodies = "".join(AuditEvent.objects.values_list("body", flat=True))
        assert password not in bodies
        assert "13800000001" not in bodies

    @pytest.mark.parametrize(
        ("more", "sentence"),
        [
            ({"username": "clerk"}, "已经有人用了"),
            ({"username": "CLERK"}, "已经有人用了"),
            ({"username": "李 敏"}, "用户名只能用"),
            ({"phone": "123"}, "不像电话号码"),
            ({"region": ""}, "请选择任职的地区"),
            ({"role": "county_official"}, "自己没有的权限不能授予别人"),
        ],
    )
    def test_what_is_wrong_is_said(self, client_as, officer, clerk, land, more, sentence):
        page = client_as(officer).post("/accounts/new/", opened(land, **more))
        assert page.status_code == 422
        assert sentence in page.content.decode()
        assert not User.objects.filter(username="limin").exists()

    def test_a_helper_gets_an_account_without_a_posting(self, client_as, officer, land):
        answer = client_as(officer).post("/accounts/new/", opened(land, role="helper", region=land.township.pk))
        assert answer.status_code == 200
        user = User.objects.get(username="limin")
        assert (user.home, user.postings.count()) == (land.township, 0)

    def test_a_region_outside_the_area_counts_as_none(self, client_as, officer, land):
        page = client_as(officer).post("/accounts/new/", opened(land, region=land.far_village.pk))
        assert "请选择任职的地区" in page.content.decode()

    def test_a_role_not_held_there_is_refused_with_a_sentence(self, client_as, post, land):
        both = post(Role.SYSTEM_ADMIN, land.county)
        services.Posting.objects.create(user=both, role=Role.TOWNSHIP_OFFICER, region=land.township)
        page = client_as(both).post("/accounts/new/", opened(land, region=land.far_village.pk))
        assert page.status_code == 422
        assert "不能授予别人" in page.content.decode()


class TestLookingAfter:
    def test_only_managers_come_in(self, client_as, clerk, auditor, officer):
        assert client_as(clerk).get("/accounts/").status_code == 403
        assert client_as(auditor).get(f"/accounts/{officer.pk}/").status_code == 403

    def test_an_account_outside_is_not_there(self, client_as, officer, official):
        for path in ("", "edit/", "reset/", "post/", "deactivate/", "unlock/"):
            assert client_as(officer).get(f"/accounts/{official.pk}/{path}").status_code == 404

    def test_the_list_finds_by_name_place_and_role(self, client_as, official, officer, clerk):
        browser = client_as(official)
        for query, found in (("q=村信息员", {"clerk"}), ("q=officer", {"officer"}), ("role=village_clerk", {"clerk"})):
            page = browser.get(f"/accounts/?{query}")
            assert {account.username for account in page.context["page"]} == found
        assert "没有找到账号" in browser.get("/accounts/?q=不存在").content.decode()

    def test_a_reset_ends_sessions_and_asks_for_a_new_password(self, client, client_as, officer, clerk):
        inside = client_as(clerk)
        page = client_as(officer).post(f"/accounts/{clerk.pk}/reset/")
        assert inside.get("/accounts/me/").status_code == 302
        assert client.post("/accounts/login/", {"username": "clerk", "password": PASSWORD}).status_code == 422
        answer = client.post("/accounts/login/", {"username": "clerk", "password": page.context["password"]})
        assert answer.status_code == 302

    def test_seen_but_not_in_reach_is_403(self, client_as, admin, official):
        assert client_as(admin).get(f"/accounts/{official.pk}/").status_code == 200
        assert client_as(admin).get(f"/accounts/{official.pk}/reset/").status_code == 403
        assert client_as(admin).post(f"/accounts/{official.pk}/reset/").status_code == 403

    def test_posting_and_its_end(self, client_as, officer, clerk, land):
        browser = client_as(officer)
        facts = {"role": "resident_team", "region": land.near_village.pk, "starts_on": "2026-01-05"}
        assert browser.post(f"/accounts/{clerk.pk}/post/", facts).status_code == 302
        posting = clerk.postings.get(role="resident_team")
        assert "白石村" in browser.get(f"/accounts/{clerk.pk}/").content.decode()
        assert browser.post(f"/accounts/postings/{posting.pk}/end/", {"ends_on": "2026-02-01"}).status_code == 302
        page = browser.post(f"/accounts/postings/{posting.pk}/end/", {"ends_on": "2026-02-01"})
        assert "已经结束了" in page.content.decode()

    def test_an_empty_phone_keeps_the_registered_one(self, client_as, officer, land):
        user, _p = services.open_account(
            username="limin", name="李敏", region=land.village, role=Role.VILLAGE_CLERK, phone="13800000001", by=officer
        )
        browser = client_as(officer)
        browser.post(f"/accounts/{user.pk}/edit/", {"name": "李敏敏", "phone": ""})
        user.refresh_from_db()
        assert (user.name, user.phone_masked) == ("李敏敏", "138****0001")
        browser.post(f"/accounts/{user.pk}/edit/", {"name": "李敏敏", "phone": "", "remove_phone": "on"})
        user.refresh_from_db()
        assert not user.phone
        assert user.phone_masked == ""

    def test_block_and_allow_again(self, client_as, officer, clerk):
        browser = client_as(officer)
        browser.post(f"/accounts/{clerk.pk}/deactivate/", {"note": "调离"})
        assert "调离" in browser.get(f"/accounts/{clerk.pk}/").content.decode()
        browser.post(f"/accounts/{clerk.pk}/reactivate/")
        clerk.refresh_from_db()
        assert clerk.is_active


def workbook(*rows, head=HEAD):
    book = openpyxl.Workbook()
    for row in (head, *rows):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    file.name = "accounts.xlsx"
    return file


GOOD = (
    ("wanggang", "王刚", "村级信息员", "", "石门乡", "青石村", "13800000002", "", ""),
    ("zhaoli", "赵丽", "帮扶责任人", "", "石门乡", "", "", "示范县林业局", "科员"),
    ("sunjie", "孙杰", "乡镇专干", "000000000030", "", "", "", "石门乡政府", "主任"),
)


class TestSheet:
    def test_all_are_opened_and_the_passwords_come_once(self, client, client_as, officer):
        browser = client_as(officer)
        preview = browser.post(SHEET, {"file": workbook(*GOOD)})
        assert preview.context["wrong"] == 0
        assert not User.objects.filter(username="wanggang").exists()
        assert "13800000002" not in preview.content.decode()
        answer = browser.post(f"{SHEET}open/", {"sealed": preview.context["sealed"]})
        rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
        assert [row[1] for row in rows[1:]] == ["wanggang", "zhaoli", "sunjie"]
        assert client.post("/accounts/login/", {"username": "wanggang", "password": rows[1][2]}).status_code == 302
        cadre = Cadre.objects.get(user__username="zhaoli")
        assert (cadre.unit.name, cadre.title, cadre.user.postings.count()) == ("示范县林业局", "科员", 0)
        again = browser.post(f"{SHEET}open/", {"sealed": preview.context["sealed"]})
        assert again.status_code == 302
        assert User.objects.filter(username="wanggang").count() == 1

    def test_one_wrong_row_holds_back_all(self, client_as, officer, clerk):
        wrong = [
            ("clerk", "周一", "村级信息员", "", "石门乡", "青石村", "", "", ""),
            ("twice", "周二", "村级信息员", "", "石门乡", "青石村", "", "", ""),
            ("twice", "周三", "村级信息员", "", "石门乡", "没有村", "", "", ""),
            ("zhou4", "", "什么员", "12", "", "", "123", "", "科员"),
            ("zhou5", "周五", "村级信息员", "", "石门乡", "", "", "", ""),
            ("zhou6", "周六", "村级信息员", "", "柳河镇", "柳树村", "", "", ""),
        ]
        preview = client_as(officer).post(SHEET, {"file": workbook(GOOD[0], *wrong)})
        assert preview.context["wrong"] == 6
        assert "sealed" not in preview.context
        errors = [" ".join(found.errors) for found in preview.context["checked"]]
        assert errors[0] == ""
        assert "已经有人用了" in errors[1]
        assert "不止一次" in errors[2]
        assert "没有“石门乡没有村”" in errors[3]
        for sentence in ("请填写姓名", "不认识", "不像电话号码", "填了职务就要填单位"):
            assert sentence in errors[4]
        assert "只能安排在村一级" in errors[5]
        assert "您管理的地区里没有" in errors[6]

    def test_a_seal_is_for_its_owner_only(self, client_as, officer, official):
        preview = client_as(officer).post(SHEET, {"file": workbook(*GOOD)})
        for user, sealed in ((official, preview.context["sealed"]), (officer, "xx")):
            assert client_as(user).post(f"{SHEET}open/", {"sealed": sealed}).url == SHEET
        assert not User.objects.filter(username="wanggang").exists()

    @pytest.mark.parametrize(
        ("file", "sentence"),
        [
            (workbook(head=("姓名", "角色")), "表头缺少“用户名”"),
            (workbook(), "没有要开通的账号"),
            (io.BytesIO(b"\x00\x01\xff\xfe not a workbook"), "请"),
        ],
    )
    def test_what_is_no_such_sheet_is_refused(self, client_as, officer, file, sentence):
        file.seek(0)
        file.name = "accounts.xlsx"
        answer = client_as(officer).post(SHEET, {"file": file})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()

    def test_the_template_can_be_filled_and_read(self, client_as, officer):
        answer = client_as(officer).get(f"{SHEET}template/")
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        book.worksheets[0].append(GOOD[0])
        file = io.BytesIO()
        book.save(file)
        file.seek(0)
        file.name = "filled.xlsx"
        assert client_as(officer).post(SHEET, {"file": file}).context["wrong"] == 0

    def test_only_managers(self, client_as, clerk):
        for path in (SHEET, f"{SHEET}template/"):
            assert client_as(clerk).get(path).status_code == 403
        assert client_as(clerk).post(f"{SHEET}open/").status_code == 403


def test_the_console_opens_the_first_account(land, capsys, client):
    from django.core.management import CommandError, call_command

    call_command("open_account", "first", "--name", "首任", "--role", "county_official", "--region", land.county.code)
    password = capsys.readouterr().out.strip().rsplit("：", 1)[1]
    assert client.post("/accounts/login/", {"username": "first", "password": password}).status_code == 302
    assert AuditEvent.objects.get(action="account.opened").actor == "console"
    with pytest.raises(CommandError, match="只能安排在县一级"):
        call_command("open_account", "next", "--name", "次", "--role", "county_official", "--region", land.village.code)
