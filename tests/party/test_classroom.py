"""The four classrooms: courses, sessions, who was there by list and by QR, photos; and what abuse of the public address leads to."""

import datetime as dt
import re

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from common import pii
from party import coverage, periods, services
from party.models import Activity, Attendance, Course, PartyPerson, Session, SignInFailure
from party.services import PartyError, signing_in
from tests.factories import CadreFactory, UserFactory, picture
from tests.factories.party import AttendanceFactory, BranchFactory, CourseFactory, PersonFactory, SessionFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
FACTS = {"held_on": TODAY, "teacher": "王老师", "place": "村部"}


def ago(days):
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def branch(land):
    return BranchFactory(village=land.village)


@pytest.fixture
def course(land):
    return CourseFactory(region=land.county, title="防返贫政策")


@pytest.fixture
def session(land, course):
    return SessionFactory(village=land.village, course=course, state="planned")


def with_phone(person, phone):
    person.phone, person.phone_hash, person.phone_masked = pii.seal_phone(phone)
    person.save()
    return person


def at(name, *args):
    return reverse(f"party:{name}", args=args)


# -- courses ------------------------------------------------------------------------------------------------------------------------------


def test_courses_are_kept_by_township_and_county_and_retired(land, officer, clerk, client_as):
    facts = {"classroom": "law", "form": "talk", "title": "邻里纠纷", "outline": "", "hours": 2}
    course = services.open_course(region=land.township, facts=facts, by=officer)
    with pytest.raises(PermissionDenied):
        services.open_course(region=land.township, facts=facts | {"title": "另一门"}, by=clerk)
    with pytest.raises(PermissionDenied):
        services.open_course(region=land.county, facts=facts, by=officer)
    with pytest.raises(PartyError, match="同名的课程"):
        services.open_course(region=land.township, facts=facts, by=officer)
    for wrong, sentence in (
        ({"title": "x"}, "课程名称"),
        ({"classroom": "x"}, "选择课堂"),
        ({"hours": 0}, "学时应大于 0"),
    ):
        with pytest.raises(ValidationError, match=sentence):
            services.open_course(region=land.township, facts=facts | wrong, by=officer)
    held = SessionFactory(village=land.village, course=course)
    services.retire_course(course=course, by=officer)
    with pytest.raises(PartyError, match="已经停用"):
        services.change_course(course=course, facts=facts, by=officer)
    with pytest.raises(ValidationError, match="不在本村可选的目录"):
        services.plan_session(village=land.village, course=course, facts=FACTS, by=clerk)
    assert "邻里纠纷" in client_as(clerk).get(at("session_detail", held.pk)).content.decode()


def test_who_may_change_a_course(land, client_as, officer, official, clerk, post):
    course = CourseFactory(region=land.county)
    for user, see, change in ((official, 200, 200), (officer, 200, 403), (clerk, 200, 403)):
        client = client_as(user)
        assert client.get(at("course_list")).status_code == see
        assert client.get(at("course_change", course.pk)).status_code == change
        assert client.post(at("course_retire", course.pk)).status_code == (302 if change == 200 else 403), user
    elsewhere = client_as(post(Role.COUNTY_OFFICIAL, land.other_county))
    assert elsewhere.get(at("course_change", course.pk)).status_code == 404
    assert elsewhere.post(at("course_retire", course.pk)).status_code == 404


def test_a_course_of_another_county_cannot_be_taught_here(land, clerk):
    with pytest.raises(ValidationError, match="不在本村可选的目录"):
        services.plan_session(village=land.village, course=CourseFactory(region=land.other_county), facts=FACTS, by=clerk)  # fmt: skip


# -- sessions -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "held", "sentence"),
    [
        ({"held_on": TODAY + dt.timedelta(3)}, True, "还不能登记为已开课"),
        ({"held_on": ago(3)}, False, "请登记为已开课"),
        ({"held_on": TODAY + dt.timedelta(900)}, False, "最多安排到一年以后"),
        ({"teacher": " "}, True, "请写授课人"),
        ({"starts_at": dt.time(10), "ends_at": dt.time(9)}, True, "结束时间要晚于开始时间"),
    ],
)
def test_a_wrong_session_is_refused(land, clerk, course, facts, held, sentence):
    with pytest.raises((PartyError, ValidationError)) as error:
        services.plan_session(village=land.village, course=course, facts=FACTS | facts, held=held, by=clerk)
    assert sentence in str(error.value)
    assert not Session.objects.exists()


def test_planned_held_cancelled(land, clerk, course, branch):
    first = services.plan_session(village=land.village, course=course, facts=FACTS, by=clerk)
    services.set_attendance(session=first, people=[PersonFactory(branch=branch)], cadres=[], by=clerk)
    with pytest.raises(PartyError, match="已经有人签到"):
        services.cancel_session(session=first, by=clerk)
    services.hold_session(session=first, villagers=30, by=clerk)
    with pytest.raises(PartyError, match="已经登记为已开课"):
        services.hold_session(session=first, villagers=31, by=clerk)
    with pytest.raises(PartyError, match="已经开课的不能取消"):
        services.cancel_session(session=first, by=clerk)
    with pytest.raises(ValidationError, match="不能再改日期"):
        services.change_session(session=first, course=course, facts=FACTS | {"held_on": ago(1)}, by=clerk)
    second = services.plan_session(village=land.village, course=course, facts=FACTS, by=clerk)
    services.cancel_session(session=second, by=clerk)
    with pytest.raises(PartyError, match="已经取消"):
        services.hold_session(session=second, villagers=1, by=clerk)


def test_the_list_is_as_it_was_ticked(land, clerk, session, branch):
    a, b, left = (
        PersonFactory(branch=branch),
        PersonFactory(branch=branch),
        PersonFactory(branch=branch, left_on=ago(9), left_reason="moved"),
    )
    services.set_attendance(session=session, people=[a], cadres=[], by=clerk)
    services.set_attendance(session=session, people=[a, b], cadres=[], by=clerk)
    assert session.attendances.count() == 2
    services.set_attendance(session=session, people=[b], cadres=[], by=clerk)
    assert [x.person for x in session.attendances.all()] == [b]
    for stranger in (left, PersonFactory()):
        with pytest.raises(ValidationError, match="不是本村的人"):
            services.set_attendance(session=session, people=[b, stranger], cadres=[], by=clerk)
    tomorrow = SessionFactory(
        village=land.village, course=session.course, state="planned", held_on=TODAY + dt.timedelta(1)
    )
    with pytest.raises(ValidationError, match="今天之后"):
        services.set_attendance(session=tomorrow, people=[b], cadres=[], by=clerk)


def test_photos_are_encrypted_and_bad_ones_refused(session, clerk, client_as, land, post):
    client = client_as(clerk)
    page = client.post(at("session_photo", session.pk), {"upload": picture()})
    assert page.status_code == 302
    photo = session.evidence.get()
    assert client.get(at("evidence", photo.uid)).content.startswith(b"\xff\xd8")
    assert client_as(post(Role.VILLAGE_CLERK, land.near_village)).get(at("evidence", photo.uid)).status_code == 404
    again = client.post(at("session_photo", session.pk), {"upload": picture()})
    assert (again.status_code, "已经传过" in again.content.decode()) == (422, True)
    from django.core.files.uploadedfile import SimpleUploadedFile

    bad = client.post(at("session_photo", session.pk), {"upload": SimpleUploadedFile("a.jpg", b"not a picture")})
    assert (bad.status_code, "不是照片" in bad.content.decode()) == (422, True)
    big = client.post(
        at("session_photo", session.pk), {"upload": SimpleUploadedFile("a.jpg", b"x" * (10 * 1024 * 1024 + 1))}
    )
    assert (big.status_code, "超过 10 MB" in big.content.decode()) == (422, True)
    client.post(at("photo_remove", photo.uid))
    assert client.get(at("evidence", photo.uid)).status_code == 404


def test_a_session_counts_as_the_branchs_lecture_once(land, clerk, branch, course):
    person = PersonFactory(branch=branch)
    session = SessionFactory(village=land.village, course=course)
    AttendanceFactory(session=session, person=person)
    found = services.count_as_lecture(session=session, branch=branch, by=clerk)
    assert (found.kind, found.held_on, [p.person for p in found.presences.all()]) == ("lecture", TODAY, [person])
    with pytest.raises(PartyError, match="已经记为党课"):
        services.count_as_lecture(session=session, branch=branch, by=clerk)
    with pytest.raises(PartyError, match="请在课堂里改"):
        services.change_activity(
            activity=found, facts={"kind": "theme", "held_on": TODAY, "title": "别的", "guests": 0}, people=[], by=clerk
        )
    services.remove_activity(activity=found, reason="记错了支部", by=clerk)
    services.count_as_lecture(session=session, branch=branch, by=clerk)
    assert Activity.objects.filter(removed_at=None).count() == 1


# -- signing in by QR -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def person(branch):
    return with_phone(PersonFactory(branch=branch, name="王芳"), "19912345678")


def knock(session, name, tail, address="10.0.0.1", **more):
    return Client().post(at("sign_in", session.token), {"name": name, "tail": tail, **more}, REMOTE_ADDR=address)


def shown(response):
    """The page without what differs from one answer to the next by itself."""
    text = response.content.decode()
    return re.sub(r'value="[^"]*"', "", text)


def test_a_name_and_four_digits_sign_in_once(session, person):
    page = Client().get(at("sign_in", session.token))
    assert page.status_code == 200
    assert "王芳" not in page.content.decode()
    assert "身份证" not in page.content.decode().replace("不用填身份证号", "")
    first = knock(session, " 王 芳 ", "5678")
    assert "签到成功" in first.content.decode()
    assert "已经签过到了" in knock(session, "王芳", "5678").content.decode()
    found = Attendance.objects.get()
    assert (found.person, found.how, found.recorded_by) == (person, "qr", "sign-in")


def test_who_is_unknown_is_answered_like_who_is_known(session, person):
    unknown, wrong = knock(session, "张三", "5678"), knock(session, "王芳", "1111")
    assert unknown.status_code == wrong.status_code == 422
    assert shown(unknown) == shown(wrong)
    assert not Attendance.objects.exists()
    for name in ("张三", "王芳"):
        for _n in range(signing_in.A_NAME):
            knock(session, name, "1111", address="10.0.0.9")
    throttled = [knock(session, name, "1111", address="10.0.0.7") for name in ("张三", "王芳")]
    assert [r.status_code for r in throttled] == [429, 429]
    assert shown(throttled[0]) == shown(throttled[1])
    assert knock(session, "王芳", "5678").status_code == 429, "the right digits come too late"


def test_one_address_and_one_session_have_few_tries(session, person, monkeypatch):
    monkeypatch.setattr(signing_in, "AN_ADDRESS", 3)
    monkeypatch.setattr(signing_in, "A_SESSION", 5)
    assert [knock(session, f"张{n}", "1111").status_code for n in range(4)] == [422, 422, 422, 429]
    assert [knock(session, f"李{n}", "1111", address=f"10.0.1.{n}").status_code for n in range(3)] == [422, 422, 429]
    assert SignInFailure.objects.count() == 5, "what is refused is not written"
    kept = SignInFailure.objects.first()
    assert kept.name_hash
    assert kept.name_hash not in ("张0", "王芳")


@pytest.mark.parametrize(
    ("name", "tail", "sentence"),
    [("", "5678", "请填写"), ("王芳", "567", "后四位数字"), ("王芳", "5 78", "后四位数字"), ("王芳", "５６７８", "后四位数字"), ("王\x00芳", "5678", ""), ("王\ue5e5", "5678", "自造字")],
)  # fmt: skip
def test_bad_input_gets_a_sentence(session, person, name, tail, sentence):
    page = knock(session, name, tail)
    assert page.status_code in (200, 422)
    assert sentence in page.content.decode()
    assert not SignInFailure.objects.exists() or name == "王\x00芳"


def test_two_people_of_one_name_and_number_are_not_told_apart(session, person, branch):
    with_phone(PersonFactory(branch=branch, name="王芳"), "19800005678")
    assert knock(session, "王芳", "5678").status_code == 422
    assert not Attendance.objects.exists()


def test_only_people_of_the_village_who_are_there(session, person, land):
    with_phone(PersonFactory(branch__village=land.near_village, name="李外村"), "19912340000")
    assert knock(session, "李外村", "0000").status_code == 422
    PartyPerson.objects.filter(pk=person.pk).update(left_on=ago(3), left_reason="moved")
    assert knock(session, "王芳", "5678").status_code == 422


def test_an_address_is_good_on_the_day_until_it_is_closed(session, person, clerk, land, course):
    others = [
        SessionFactory(village=land.village, course=course, held_on=ago(1)),
        SessionFactory(village=land.village, course=course, held_on=TODAY + dt.timedelta(1), state="planned"),
        SessionFactory(village=land.village, course=course, state="cancelled"),
        SessionFactory(village=land.village, course=course, closed_at=timezone.now()),
    ]
    pages = [Client().get(at("sign_in", s.token)) for s in others] + [Client().get(at("sign_in", "no-such-token"))]
    pages.append(knock(others[0], "王芳", "5678"))
    assert {p.status_code for p in pages} == {404}
    assert len({shown(p) for p in pages}) == 1, "nobody learns which addresses there are"
    services.close_sign_in(session=session, by=clerk)
    assert knock(session, "王芳", "5678").status_code == 404
    with pytest.raises(PartyError, match="签到已经结束"):
        services.sign_in(session=session, name="王芳", tail="5678", address="10.0.0.1")
    assert not Attendance.objects.exists()


def test_who_is_logged_in_and_a_cadre_signs_in_with_one_tap(session, person, client_as, helper, stranger):
    client = client_as(helper)
    assert "我是帮扶人，签到" in client.get(at("sign_in", session.token)).content.decode()
    assert "签到成功" in client.post(at("sign_in", session.token), {"own": "1"}).content.decode()
    assert Attendance.objects.get().cadre == helper.cadre
    assert "我是" not in client_as(stranger).get(at("sign_in", session.token)).content.decode()
    assert client_as(stranger).post(at("sign_in", session.token), {"own": "1"}).status_code == 422
    member = UserFactory()
    person.cadre = CadreFactory(user=member)
    person.save()
    client_as(member).post(at("sign_in", session.token), {"own": "1"})
    assert Attendance.objects.filter(person=person).exists()


def test_the_code_shows_the_address_and_nothing_of_people(session, clerk, client_as, branch):
    PersonFactory(branch=branch, name="王芳")
    page = client_as(clerk).get(at("session_qr", session.pk)).content.decode()
    assert session.token in page
    assert "王芳" not in page


def test_failures_are_forgotten(session):
    knock(session, "张三", "1111")
    SignInFailure.objects.update(at=timezone.now() - dt.timedelta(days=3))
    signing_in.forget_failures()
    assert not SignInFailure.objects.exists()


# -- coverage -----------------------------------------------------------------------------------------------------------------------------


def test_coverage_counts_people_who_came_and_villages_nobody_reached(land, branch, course):
    span = periods.span_of("quarter", TODAY)
    came, missed = PersonFactory(branch=branch), PersonFactory(branch=branch, stage="activist")
    session = SessionFactory(village=land.village, course=course, villagers=20)
    AttendanceFactory(session=session, person=came)
    AttendanceFactory(session=SessionFactory(village=land.village, course=course, state="planned"), person=missed)
    SessionFactory(village=land.near_village, course=course, held_on=span.first - dt.timedelta(days=1))
    found = coverage.look([land.village, land.near_village], span)
    here = found[land.village.pk]
    assert (here.sessions["party"], here.attended, here.people, here.villagers) == (1, 1, 2, 20)
    assert coverage.unreached(found) == [land.near_village.pk]
    assert coverage.unreached(found, "law") == [land.village.pk, land.near_village.pk]
    assert Course.objects.count() == 1
