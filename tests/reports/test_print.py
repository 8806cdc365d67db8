"""The print centre: from asking to the file, with permissions asked twice and nothing rendered twice."""

import datetime as dt
import io
import zipfile

import pikepdf
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils import timezone

from accounts.models import Posting
from common import audit, files, jobs, pdf, vault
from common.models import Job
from households import services as household_services
from households.models import Household
from reports import services
from reports.models import Booklet, PrintItem, PrintRun
from tests.factories import HouseholdFactory

pytestmark = pytest.mark.slow


@pytest.fixture
def three(land):
    return [
        HouseholdFactory(village=land.village, with_householder=True, with_year=True, householder_name=name, number=f"88000{n}")
        for n, name in enumerate(("王建国", "𬱖㛃", "阿卜杜热依木·买买提依明"))
    ]  # fmt: skip


def work(run):
    job = jobs.run(run.job_id)
    run.refresh_from_db()
    return job


def fetched(run, by):
    return b"".join(services.fetch_run(run=run, by=by).pieces)


def test_a_village_is_bound_with_an_outline_a_household(three, clerk, land):
    run = services.print_papers(by=clerk, region=land.village, send=False)
    job = work(run)
    assert (job.state, job.result["printed"], job.result["failed"]) == ("done", 3, 0)
    data = fetched(run, clerk)
    with pikepdf.open(io.BytesIO(data)) as book, book.open_outline() as outline:
        assert not book.check_pdf_syntax() if hasattr(book, "check_pdf_syntax") else not book.check()
        assert len(book.pages) == job.result["pages"]
        assert {item.title.split()[0] for item in outline.root} == {h.number for h in three}
    assert not pdf.scan_glyphs(data)


def test_what_has_not_changed_is_not_rendered_again(three, clerk, officer, land):
    work(services.print_papers(by=clerk, region=land.village, send=False))
    first = dict(Booklet.objects.values_list("household_id", "token"))
    household_services.correct_household(household=three[0], by=officer, facts={"address": "青石村 9 号"})
    job = work(services.print_papers(by=clerk, region=land.village, send=False))
    assert (job.result["printed"], job.result["reused"]) == (3, 2)
    tokens = set(Booklet.objects.values_list("token", flat=True))
    assert set(first.values()) < tokens
    assert len(tokens) == 4


def test_a_zip_holds_a_file_a_household(three, clerk, land):
    run = services.print_papers(by=clerk, region=land.village, output=PrintRun.Output.ZIPPED, send=False)
    work(run)
    with zipfile.ZipFile(io.BytesIO(fetched(run, clerk))) as bundle:
        assert len(bundle.namelist()) == 3
        for name in bundle.namelist():
            with pikepdf.open(io.BytesIO(bundle.read(name))) as book:
                assert len(book.pages) >= 2


def test_the_file_lies_encrypted(three, clerk, land):
    run = services.print_papers(by=clerk, households=three[:1], send=False)
    work(run)
    from django.core.files.storage import default_storage

    stored = run.volumes.get().file
    with default_storage.open(stored) as file:
        assert not file.read(5).startswith(b"%PDF")
    assert vault.get(stored).startswith(b"%PDF")


def test_full_numbers_need_a_permission_and_a_reason(three, clerk, officer, land):
    with pytest.raises(ValidationError, match="写明理由"):
        services.print_papers(by=officer, region=land.village, full=True, send=False)
    with pytest.raises(services.PrintRefused):
        services.print_papers(by=clerk, region=land.village, full=True, reason="入户核对签字", send=False)
    with pytest.raises(PermissionDenied):
        services.print_papers(by=clerk, households=three[:1], full=True, reason="入户核对签字", send=False)
    run = services.print_papers(by=officer, households=three[:1], full=True, reason="入户核对签字", send=False)
    work(run)
    assert audit.content_of(audit.AuditEvent.objects.get(action="ledgers.printed_full"))["note"] == "入户核对签字"


def test_permission_is_asked_again_at_download(three, clerk, land):
    run = services.print_papers(by=clerk, region=land.village, send=False)
    work(run)
    Posting.objects.filter(user=clerk).update(starts_on=dt.date(2020, 1, 1), ends_on=dt.date(2021, 1, 1))
    del clerk.postings_now, clerk.held
    clerk.__dict__.pop("_region_ids", None)
    with pytest.raises(PermissionDenied):
        fetched(run, clerk)


def test_households_outside_the_area_are_not_printed(three, post, land):
    far = HouseholdFactory(village=land.far_village)
    from accounts.roles import Role

    clerk = post(Role.VILLAGE_CLERK, land.village)
    with pytest.raises(PermissionDenied):
        services.print_papers(by=clerk, households=[far], send=False)


def test_a_character_without_a_font_is_reported_and_the_rest_is_printed(three, clerk, land):
    Household.objects.filter(pk=three[0].pk).update(address="\ue000号")
    run = services.print_papers(by=clerk, region=land.village, send=False)
    job = work(run)
    assert (job.result["printed"], job.result["failed"]) == (2, 1)
    assert "U+E000" in PrintItem.objects.get(state="failed").error


def test_two_workers_share_a_run_and_one_binds(three, clerk, land):
    """A second worker that finds everything claimed leaves; what a dead worker claimed is claimed again later."""
    run = services.print_papers(by=clerk, region=land.village, send=False)
    run.items.filter(place=1).update(claimed_until=timezone.now() + dt.timedelta(minutes=1))
    assert work(run).state == Job.State.RUNNING
    run.items.filter(place=1).update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
    job = work(run)
    assert (job.state, job.result["printed"]) == ("done", 3)
    assert Booklet.objects.count() == 3


def test_cancelled_in_mid_run_leaves_no_file(three, clerk, land):
    run = services.print_papers(by=clerk, region=land.village, send=False)
    Job.objects.filter(pk=run.job_id).update(state="running", cancel_requested=True)
    assert work(run).state == Job.State.CANCELLED
    assert not run.file


def test_files_expire_and_the_number_stays(three, clerk, land, settings):
    run = services.print_papers(by=clerk, region=land.village, send=False)
    work(run)
    number = Booklet.objects.order_by("pk").first().number
    long_ago = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1)
    PrintRun.objects.update(created_at=long_ago)
    Booklet.objects.update(issued_at=long_ago, used_at=long_ago)
    assert files.expire() >= 4
    run.refresh_from_db()
    with pytest.raises(services.PrintRefused, match="保存期"):
        fetched(run, clerk)
    again = services.print_papers(by=clerk, region=land.village, send=False)
    work(again)
    assert Booklet.objects.order_by("pk").first().number == number
    assert Booklet.objects.count() == 3


def test_a_scanned_code_tells_how_the_paper_stands(three, clerk, officer, client):
    work(services.print_papers(by=clerk, households=three[:1], send=False))
    booklet = Booklet.objects.get()
    address = reverse("reports:booklet_verify", args=[booklet.token])
    page = client.get(address)
    assert "之后没有改动" in page.text
    assert three[0].number not in page.text
    assert "王建国" not in page.text
    household_services.correct_household(household=three[0], by=officer, facts={"address": "青石村 9 号"})
    assert "有过修改" in client.get(address).text
    three[0].refresh_from_db()
    work(services.print_papers(by=clerk, households=three[:1], send=False))
    assert "已有更新的一版" in client.get(address).text
    unknown = client.get(reverse("reports:booklet_verify", args=["nothing"]))
    assert unknown.status_code == 404
    assert "没有查到" in unknown.text


def test_from_the_page_to_the_file(three, clerk, client_as, land, django_capture_on_commit_callbacks):
    browser = client_as(clerk)
    centre = browser.get(reverse("reports:print_centre"))
    assert "青石村" in centre.text
    address = reverse("reports:print_region", args=[land.village.pk])
    assert address in centre.text
    confirm = browser.get(address)
    assert "共 3 户" in confirm.text
    assert 'name="reason"' not in confirm.text
    answer = browser.post(address, {"output": "merged", "sheet": "A4", "year": ""})
    run = PrintRun.objects.get()
    assert answer.url == reverse("reports:print_run", args=[run.pk])
    assert "取消打印" in browser.get(answer.url).text
    work(run)
    assert "下载 PDF" in browser.get(answer.url).text
    file = browser.post(reverse("reports:print_file", args=[run.pk]))
    assert file["Content-Type"] == "application/pdf"
    assert file.getvalue().startswith(b"%PDF")


def test_other_peoples_runs_are_not_there(three, clerk, officer, client_as, land):
    run = services.print_papers(by=clerk, region=land.village, send=False)
    for name in ("print_run", "print_progress"):
        assert client_as(officer).get(reverse(f"reports:{name}", args=[run.pk])).status_code == 404
    assert client_as(officer).post(reverse("reports:print_file", args=[run.pk])).status_code == 404


def test_from_the_ledger_and_from_the_list(three, clerk, client_as):
    browser = client_as(clerk)
    address = reverse("reports:print_household", args=[three[0].pk])
    assert address in browser.get(three[0].get_absolute_url()).text
    assert browser.post(address, {"output": "zipped", "sheet": "A4", "year": "2026"}).status_code == 302
    chosen = browser.post(reverse("reports:print_chosen"), {"pk": [h.pk for h in three[:2]]})
    assert "共 2 户" in chosen.text
    token = chosen.context["hidden"]["chosen"]
    assert (
        browser.post(
            reverse("reports:print_chosen"), {"chosen": token, "output": "merged", "sheet": "A4", "year": ""}
        ).status_code
        == 302
    )
    assert list(PrintRun.objects.order_by("pk").values_list("total", "output")) == [(1, "zipped"), (2, "merged")]
    assert browser.post(address, {"output": "x"}).status_code == 422


def test_full_numbers_on_the_page_need_a_reason(three, officer, client_as):
    browser = client_as(officer)
    address = reverse("reports:print_household", args=[three[0].pk])
    answer = browser.post(address, {"output": "merged", "sheet": "A4", "year": "", "numbers": "full", "reason": "看"})
    assert answer.status_code == 422
    assert "写明理由" in answer.text
