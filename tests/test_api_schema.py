"""The whole API asked everything that its description allows, as every role: nothing breaks, every answer is as described, and no row comes
from outside the area."""

from __future__ import annotations

import json

import hypothesis
import pytest
import schemathesis
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, strategies
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.scene import CAST

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
SHORT = hypothesis.settings(
    max_examples=3, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
LONG = hypothesis.settings(SHORT, max_examples=60, derandomize=False)
CSRF = "x" * 32
# What must not be read in any answer, by where somebody stands.
OUTSIDE = {
    "village": ("白石村", "柳树村", "邻村"),
    "township": ("柳树村", "邻村"),
    "county": ("邻村", "邻乡"),
}


@pytest.fixture(scope="module")
def described():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    found = schemathesis.openapi.from_dict(json.loads(json.dumps(schema, default=str)))
    found.config.generation.update(with_security_parameters=False)  # everybody comes with a session
    return found


@pytest.fixture(scope="module")
def app():
    """The application as a server runs it, on the connection of the test: the end of a request does not close it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in signals:
        signal.connect(close_old_connections)


def test_the_description_is_sound(tmp_path):
    """Nothing in it is guessed, two things do not bear one name, and it is OpenAPI."""
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(tmp_path / "schema.yml"))


def operations(described):
    return [found.ok() for found in described.get_all_operations()]


def keys_of(scene):
    """Keys that rows of the scene have, and some that none has."""
    found = {pk for place in scene.places.values() for pk in place.rows.values() if isinstance(pk, int) and pk > 0}
    return strategies.sampled_from(sorted(found)) | strategies.integers(0, 2**63 - 1)


@pytest.fixture(autouse=True)
def often(settings):
    settings.API_RATE = 1_000_000


@pytest.mark.parametrize("name", CAST)
def test_as_every_role(name, scene, described, app):
    ask_everything(name, scene, described, app, SHORT)


@pytest.mark.nightly
@pytest.mark.parametrize("name", CAST)
def test_as_every_role_at_length(name, scene, described, app):
    ask_everything(name, scene, described, app, LONG)


def ask_everything(name, scene, described, app, asking):
    who = scene.cast[name]
    cookies = {settings.SESSION_COOKIE_NAME: scene.sessions[name], settings.CSRF_COOKIE_NAME: CSRF}
    outside = (
        OUTSIDE.get(CAST[name][1], ()) if who.role else tuple(place.village.name for place in scene.places.values())
    )
    wrong, answers = [], set()
    for operation in operations(described):

        @asking
        @hypothesis.given(case=operation.as_strategy(), key=keys_of(scene))
        def ask(case, key):
            if "id" in case.path_parameters and isinstance(case.path_parameters["id"], int):
                case.path_parameters["id"] = key
            with transaction.atomic():
                response = case.call(app=app, cookies=cookies, headers={"X-CSRFToken": CSRF})
                transaction.set_rollback(True)
            answers.add(response.status_code)
            case.validate_response(response, checks=CHECKS)
            found = [place for place in outside if place in response.text]
            assert not found, f"a row from {found}"

        try:
            ask()
        except (AssertionError, BaseExceptionGroup) as error:
            wrong.append(f"{operation.label}: {' '.join(str(e) for e in getattr(error, 'exceptions', [error]))}")
    assert not wrong, "\n\n".join(wrong)
    assert answers >= {200, 404}
    assert 401 not in answers
