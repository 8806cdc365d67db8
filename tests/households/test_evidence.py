"""Pictures of a transaction that was rolled back are not kept; those of one that held are."""

import pytest
from django.core.files.storage import default_storage

from households.services.evidence import put_evidence, with_pictures
from plans.models import PlanEvidence
from tests.factories.plans import picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def keep(clerk):
    """`keep() -> name`: a picture into the vault, as a verb does."""
    return lambda: put_evidence(PlanEvidence(), picture(), by=clerk).file


def test_what_held_is_kept(keep):
    with with_pictures():
        name = keep()
    assert default_storage.exists(name)


@pytest.fixture
def fail(keep):
    """`fail(names, *before)`: a verb that keeps a picture after others did their part, and fails; `names` tells what it had kept."""

    @with_pictures()
    def verb(names, *before):
        for other in before:
            other()
        names.append(keep())
        raise ValueError("no")

    return verb


def test_what_was_rolled_back_is_gone(fail):
    names = []
    with pytest.raises(ValueError, match="no"):
        fail(names)
    assert not default_storage.exists(names[0])


def test_a_verb_inside_another_goes_with_it(keep, fail):
    names = []

    @with_pictures()
    def inner():
        names.append(keep())

    with pytest.raises(ValueError, match="no"):
        fail(names, inner)
    assert len(names) == 2
    assert not any(default_storage.exists(name) for name in names)


def test_a_verb_that_fails_inside_another_takes_only_its_own_along(keep, fail):
    names = []
    with with_pictures():
        first = keep()
        with pytest.raises(ValueError, match="no"):
            fail(names)
    assert default_storage.exists(first)
    assert not default_storage.exists(names[0])
