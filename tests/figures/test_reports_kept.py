"""Reports that are kept: saved and shared, asked by the calendar as their owner, files that end. Nothing goes on for who may no longer see it."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from common import jobs as work
from common import nightly
from common.models import AuditEvent, Job
from figures.reports import asking, jobs, services
from figures.reports.models import ReportFile, ReportSchedule, SavedReport, following

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR_ON = TODAY + dt.timedelta(days=365)


def question(user, code="status-places", **data):
    return asking.parse(code, data, user)


def save(user, name="每月要报的", shared=False, **data):
    return services.save_report(question=question(user, **data), name=name, by=user, shared=shared)


def schedule(user, name="每月要报的", rhythm="month", output="xlsx", ends_on=YEAR_ON, **data):
    return services.schedule_report(
        question=question(user, **data), name=name, rhythm=rhythm, output=output, ends_on=ends_on, by=user
    )


def due(user, **data):
    """A schedule whose day has come."""
    row = schedule(user, **data)
    ReportSchedule.objects.filter(pk=row.pk).update(next_on=TODAY)
    return row


def events():
    return list(AuditEvent.objects.filter(action__startswith="report.").order_by("pk").values_list("action", flat=True))


class TestSaved:
    def test_kept_opened_and_thrown_away(self, client, officer, land):
        client.force_login(officer)
        address = reverse("figures:report_save", args=["age"]) + f"?sex=1&region={land.village.pk}"
        assert "人口年龄和性别" in client.get(address).content.decode()
        assert client.post(address, {"name": "男的"}).status_code == 302
        kept = SavedReport.objects.get()
        assert kept.query == {"sex": "1"}
        assert "男的" in client.get(reverse("figures:reports")).content.decode()
        assert (
            client.get(reverse("figures:saved_report", args=[kept.pk])).url
            == f"{reverse('figures:report', args=['age'])}?sex=1&region={land.village.pk}"
        )
        assert client.get(reverse("figures:saved_delete", args=[kept.pk])).status_code == 200
        client.post(reverse("figures:saved_delete", args=[kept.pk]))
        assert not SavedReport.objects.exists()
        assert events() == ["report.saved", "report.deleted"]

    def test_shared_ones_open_in_ones_own_place(self, client, official, officer, clerk, land):
        kept = save(official, shared=True, status="monitored")
        own = save(official, name="自己的")
        client.force_login(clerk)
        page = client.get(reverse("figures:reports")).content.decode()
        assert "共享 · " in page
        assert "自己的" not in page
        assert client.get(reverse("figures:saved_report", args=[own.pk])).status_code == 404
        where = client.get(reverse("figures:saved_report", args=[kept.pk]), follow=True)
        assert where.context["question"].region == land.village
        assert client.post(reverse("figures:saved_delete", args=[kept.pk])).status_code == 403
        with pytest.raises(PermissionDenied):
            services.delete_saved(saved=kept, by=officer)

    def test_put_together_by_hand(self, client, officer):
        data = {
            "dataset": "members",
            "row": "age",
            "row2": "sex",
            "across": "health",
            "status": "monitored",
            "year": str(TODAY.year - 1),
        }
        kept = save(officer, code="pivot", **data)
        assert kept.query == data | {"value": "rows"}
        client.force_login(officer)
        assert client.get(reverse("figures:saved_report", args=[kept.pk]), follow=True).status_code == 200

    @pytest.mark.parametrize(
        ("name", "says"), [("", "起个名称"), ("  ", "起个名称"), ("长" * 41, "最多 40 个字"), ("有了", "同名")]
    )
    def test_names(self, client, officer, name, says):
        save(officer, name="有了")
        client.force_login(officer)
        answered = client.post(reverse("figures:report_save", args=["age"]), {"name": name})
        assert answered.status_code == 422
        assert says in answered.content.decode()
        assert SavedReport.objects.count() == 1

    def test_there_is_an_end_to_keeping(self, officer, monkeypatch):
        monkeypatch.setattr(services, "MOST_SAVED", 1)
        save(officer)
        with pytest.raises(services.AskedError, match="最多保存 1 个"):
            save(officer, name="又一个")


@given(day=st.dates(dt.date(2020, 1, 1), dt.date(2040, 12, 31)), rhythm=st.sampled_from(["week", "month", "quarter"]))
def test_the_next_day_of_a_rhythm(day, rhythm):
    found = following(rhythm, day)
    assert day < found <= day + dt.timedelta(days={"week": 7, "month": 31, "quarter": 92}[rhythm])
    assert found.weekday() == 0 if rhythm == "week" else found.day == 1
    assert rhythm != "quarter" or found.month in (1, 4, 7, 10)


class TestSchedules:
    def test_asked_made_fetched_and_asked_again(self, client, work, officer, django_capture_on_commit_callbacks):
        client.force_login(officer)
        address = reverse("figures:schedule_new", args=["status"])
        assert client.get(address).status_code == 200
        answered = client.post(
            address, {"name": "月报", "rhythm": "month", "output": "xlsx", "ends_on": YEAR_ON.isoformat()}
        )
        assert answered.status_code == 302
        row = ReportSchedule.objects.get()
        assert row.next_on == following("month", TODAY)
        assert jobs.run_due() == 0
        ReportSchedule.objects.update(next_on=TODAY - dt.timedelta(days=40))  # nothing ran for a while
        assert jobs.run_due in nightly.WORK
        assert jobs.run_due() == 1
        assert jobs.run_due() == 0
        row.refresh_from_db()
        assert row.next_on == following("month", TODAY)
        made = ReportFile.objects.get()
        assert "排队中" in client.get(reverse("figures:reports")).content.decode()
        work_of(made)
        made.refresh_from_db()
        assert made.job.state == Job.State.DONE
        with default_storage.open(made.file) as sealed:
            assert sealed.read().startswith(b"gAAAA")
        page = client.get(reverse("figures:reports")).content.decode()
        assert reverse("figures:made_file", args=[made.pk]) in page
        data = client.post(reverse("figures:made_file", args=[made.pk])).content
        rows = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
        assert rows[0][0] == "农户身份和人口"
        assert events() == ["report.scheduled", "report.schedule_run", "report.fetched"]

    def test_it_ends_on_its_day(self, officer):
        row = due(officer, rhythm="week", ends_on=TODAY + dt.timedelta(days=7))
        ReportSchedule.objects.filter(pk=row.pk).update(ends_on=TODAY)
        assert jobs.run_due() == 1
        row.refresh_from_db()
        assert (row.next_on, row.stopped) == (None, "")

    def test_it_stops_with_its_owner(self, client, officer, official):
        gone, moved = due(officer), due(official, name="县里的")
        officer.is_active = False
        officer.save()
        official.postings.update(ends_on=TODAY)
        assert jobs.run_due() == 0
        for row, why in ((gone, "账号已停用"), (moved, "已没有")):
            row.refresh_from_db()
            assert row.next_on is None
            assert why in row.stopped
        assert not ReportFile.objects.exists()
        assert events().count("report.schedule_stopped") == 2

    def test_permission_is_asked_again_when_the_file_is_made_and_fetched(self, client, work, official, land):
        made = services.request_file(question=question(official, code="payments"), output="xlsx", by=official)
        assert services.request_file(question=question(official, code="payments"), output="xlsx", by=official) == made
        other = services.request_file(question=question(official, code="status"), output="pdf", by=official)
        work_of(other)
        official.postings.update(role="village_clerk")  # sees no money
        work_of(made)
        made.job.refresh_from_db()
        assert made.job.state == Job.State.FAILED
        assert "没有查看这张报表的权限" in made.job.error
        client.force_login(official)
        assert made.job.error in client.get(reverse("figures:reports")).content.decode()
        assert client.post(reverse("figures:made_file", args=[other.pk])).content.startswith(b"%PDF")
        official.postings.update(ends_on=TODAY)
        assert client.post(reverse("figures:made_file", args=[other.pk])).status_code == 403

    def test_stopped_by_hand(self, client, officer):
        row = schedule(officer)
        client.force_login(officer)
        client.post(reverse("figures:schedule_stop", args=[row.pk]))
        page = client.post(reverse("figures:schedule_stop", args=[row.pk]), follow=True).content.decode()
        assert "已经停了" in page
        row.refresh_from_db()
        assert row.next_on is None
        schedule(officer)  # the name is free again

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"ends_on": ""}, "做到哪天"), ({"ends_on": "明天"}, "日期写法不对"), ({"ends_on": TODAY.isoformat()}, "结束日期不能更早"),
            ({"ends_on": "2999-01-01"}, "最多排到两年以后"), ({"rhythm": "hourly"}, "hourly"), ({"output": "doc"}, "doc"), ({"name": "有了"}, "同名"),
            ({"name": "长" * 41}, "最多 40 个字"),
        ],
    )  # fmt: skip
    def test_nonsense_is_answered_with_a_sentence(self, client, officer, wrong, says):
        schedule(officer, name="有了")
        client.force_login(officer)
        data = {"name": "月报", "rhythm": "month", "output": "xlsx", "ends_on": YEAR_ON.isoformat()} | wrong
        answered = client.post(reverse("figures:schedule_new", args=["status"]), data)
        assert answered.status_code == 422
        assert says in answered.content.decode()
        assert ReportSchedule.objects.count() == 1

    def test_the_verb_refuses_what_the_form_does(self, officer):
        for wrong in ({"rhythm": "hourly"}, {"output": "doc"}, {"ends_on": None}):
            with pytest.raises(ValidationError):
                schedule(officer, **wrong)

    def test_files_end(self, client, work, officer, settings):
        made = services.request_file(question=question(officer, code="status"), output="xlsx", by=officer)
        work_of(made)
        made.refresh_from_db()
        name = made.file
        old = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1)
        ReportFile.objects.filter(pk=made.pk).update(created_at=old)
        assert jobs.expire_reports() == 1
        assert not default_storage.exists(name)
        client.force_login(officer)
        page = client.post(reverse("figures:made_file", args=[made.pk]), follow=True).content.decode()
        assert "已过保存期" in page


def work_of(made: ReportFile) -> None:
    work.run(made.job_id)
