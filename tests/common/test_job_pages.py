"""The pages of long work, as the person sees them who asked for it."""

import pytest
from django.urls import reverse

from common.models import Job


@pytest.fixture
def job(clerk):
    return Job.objects.create(kind="ledgers.print", title="青石村台账 3 户", owner=clerk.username, total=3)


def page(name, job):
    return reverse(f"jobs:{name}", args=[job.pk])


def test_list_and_progress(job, clerk, client_as):
    browser = client_as(clerk)
    assert "青石村台账 3 户" in browser.get(reverse("jobs:job_list")).text
    assert "取消任务" in browser.get(page("job_detail", job)).text
    assert 'hx-trigger="every 2s"' in browser.get(page("job_progress", job)).text


def test_cancel_then_retry(job, clerk, client_as):
    browser = client_as(clerk)
    browser.post(page("job_cancel", job))
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert browser.get(page("job_progress", job))["HX-Refresh"] == "true"
    assert "重试" in browser.get(page("job_detail", job)).text
    assert "已经结束" in browser.post(page("job_cancel", job), follow=True).text
    browser.post(page("job_retry", job))
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_finished_job_leads_to_its_result(job, clerk, client_as):
    Job.objects.filter(pk=job.pk).update(
        state="done", finished_at=job.created_at, result={"url_name": "households:household_list", "args": []}
    )
    assert reverse("households:household_list") in client_as(clerk).get(page("job_detail", job)).text


def test_other_peoples_jobs_are_not_there(job, officer, client_as):
    for name in ("job_detail", "job_progress"):
        assert client_as(officer).get(page(name, job)).status_code == 404
    assert client_as(officer).post(page("job_cancel", job)).status_code == 404
