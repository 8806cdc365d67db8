"""Figures equal lists in the demonstration county: every number on the board of every region, in every year, as every role, is as long as its
list. The tests beside this one hold the same for a small scene, each time; this one leaves nothing out, and takes minutes."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from django.core.management import call_command

from accounts.models import User
from accounts.scoping import visible_region_ids
from figures import board as boards
from figures import rollup
from figures.board import Board
from regions.models import Region
from tests.figures.test_board import below, cells_of, list_of

pytestmark = [pytest.mark.django_db, pytest.mark.nightly]
WHO = ("clerk", "team", "township", "county", "auditor")
HOUSEHOLDS = 600
LOG = logging.getLogger(__name__)


def test_every_number_of_the_demonstration_is_as_long_as_its_list(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", str(HOUSEHOLDS), verbosity=0)
    rollup.fold()
    compared: Counter[str] = Counter()
    wrong = []
    for name in WHO:
        known: dict[tuple[str, str], int] = {}  # a list that several numbers open is read once
        user = User.objects.get(username=name)
        regions = Region.objects.filter(pk__in=visible_region_ids(user, boards.SEE)).select_related("parent")
        for region in regions.order_by("path"):
            for year in boards.years():
                compared["boards"] += 1
                for cell in cells_of(Board(user, region, below(region), region.parent, year=year)):
                    if not cell.url:
                        length = 0
                    else:
                        key = (cell.url, cell.measure)
                        if key not in known:
                            known[key] = list_of(cell, user)
                        length = known[key]
                        compared["numbers"] += 1
                    if length != cell.number:
                        wrong.append(
                            f"{name} {region.name} {year} {cell.label} {cell.number}, list {length}: {cell.url}"
                        )
        compared["lists"] += len(known)
        compared[name] = len(known)
    assert not wrong, "\n".join(wrong[:50])
    assert all(compared[name] > 50 for name in WHO), compared
    LOG.info("boards %(boards)d, numbers %(numbers)d, lists read %(lists)d", compared)
