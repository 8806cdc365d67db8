"""When files of the print centre end: results and papers past their day, and what a killed worker left that nobody names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from common import files, vault
from reports.models import Booklet, PrintRun, PrintVolume

STEP = 1000  # names that are asked for at once


@files.expires
def expire_prints() -> int:
    """Delete results past their day, and papers that no run has taken for as long; numbers and history stay."""
    before = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    gone = 0
    for row in [
        *PrintRun.objects.filter(created_at__lt=before).exclude(file="").order_by("pk")[:1000],
        *PrintVolume.objects.filter(run__created_at__lt=before).exclude(file="").order_by("pk")[:5000],
    ]:
        vault.remove(row.file)
        type(row).objects.filter(pk=row.pk).update(file="")
        gone += 1
    names = list(
        Booklet.objects.filter(used_at__lt=before)
        .exclude(file="")
        .order_by()
        .values("file")
        .annotate(n=Count("pk"))[:1000]
    )
    for row in names:
        Booklet.objects.filter(file=row["file"]).update(file="")
        vault.remove(row["file"])
        gone += row["n"]
    return gone


@files.expires
def expire_strays() -> int:
    """Delete files older than a day that no row names: their worker was killed before it had written down where they lie."""
    gone = 0
    since = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 2)
    runs = [f"runs/{pk}" for pk in PrintRun.objects.filter(created_at__gt=since).values_list("pk", flat=True)]
    months = [f"booklets/{month}" for month in vault.listed("booklets").folders]
    for folder, *tables in [*((month, Booklet) for month in months), *((run, PrintRun, PrintVolume) for run in runs)]:
        gone += sum(_remove_strays(names, tables) for names in _steps(folder))
    return gone


def _steps(folder: str) -> Iterator[list[str]]:
    names = vault.listed(folder).files
    return ([f"{folder}/{name}" for name in names[at : at + STEP]] for at in range(0, len(names), STEP))


def _remove_strays(names: list[str], tables: list[Any]) -> int:
    named = {
        name for table in tables for name in table._base_manager.filter(file__in=names).values_list("file", flat=True)
    }
    yesterday, gone = timezone.now() - dt.timedelta(days=1), 0
    for name in names:
        if name not in named and vault.written_at(name) < yesterday:
            vault.remove(name)
            gone += 1
    return gone
