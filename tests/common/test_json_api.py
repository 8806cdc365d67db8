"""Addresses that answer scripts never answer with a page."""

from __future__ import annotations

import io

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, JsonResponse
from django.test import Client, RequestFactory
from django.urls import path

from common import audit, json_api, sync
from common.models import AuditEvent
from config.urls import handler404, handler500, urlpatterns
from tests.factories import RegionFactory

__all__ = ["handler404", "handler500"]


@json_api.answers_json("POST")
def echo(request):
    return JsonResponse(json_api.read_json(request, 1000))


@json_api.answers_json("GET", "PUT")
def raising(request):
    what = {
        "404": Http404, "403": PermissionDenied, "500": RuntimeError, "422": sync.Refused("no", "不行。", more=1),
    }[request.GET.get("what", "500")]  # fmt: skip
    if "write" in request.GET:
        RegionFactory()
    raise what


urlpatterns = [
    path("collect/api/echo/", echo, name="echo"),
    path("collect/api/raise/", raising, name="raise"),
    *urlpatterns,
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
ECHO, RAISE = "/collect/api/echo/", "/collect/api/raise/"


@pytest.fixture
def client(client_as, stranger):
    return client_as(stranger, raise_request_exception=False)


def said(response):
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    assert response.json()["say"].endswith("。")
    return response.status_code, response.json()["code"]


def test_an_object_goes_in_and_out(client):
    response = client.post(ECHO, {"a": "汉"}, content_type="application/json")
    assert (response.status_code, response.json()) == (200, {"a": "汉"})
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("body", ["", "x", "[]", '"a"', "{", '{"a": NaN}', '{"a": Infinity}', "[" * 900, "\xff"])
def test_what_is_no_object_is_malformed(client, body):
    assert said(client.post(ECHO, body, content_type="application/json")) == (400, "malformed")
    assert audit.content_of(AuditEvent.objects.get(action="sync.refused"))["target"] == ECHO


def test_what_is_too_large(client):
    assert said(client.post(ECHO, {"a": "x" * 2000}, content_type="application/json")) == (413, "too_large")


def test_a_body_that_broke_off_is_not_worth_a_record(client):
    cut = {"wsgi.input": io.BytesIO(b'{"a": "x'), "CONTENT_LENGTH": "58", "CONTENT_TYPE": "application/json"}
    response = client.generic("POST", ECHO, **cut)
    assert said(response) == (400, "broken_off")
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [("404", 404, "not_found"), ("403", 403, "not_allowed"), ("500", 500, "failed"), ("422", 422, "no")],
)
@pytest.mark.parametrize("method", ["get", "put"])
def test_what_a_view_raises(client, method, what, status, code):
    response = getattr(client, method)(f"{RAISE}?what={what}")
    assert said(response) == (status, code)
    assert (response.json().get("more") == 1) == (what == "422")


def test_a_get_cannot_write(client):
    assert said(client.get(f"{RAISE}?write=1")) == (500, "failed")


def test_other_methods(client):
    response = client.delete(ECHO)
    assert said(response) == (405, "method")
    assert response["Allow"] == "POST"


def test_an_address_that_is_none(client):
    response = client.get("/collect/api/nothing/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert client.get("/nothing/")["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("address", [ECHO, RAISE])
def test_signed_out(address):
    response = Client().put(address)
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")
    assert response["Cache-Control"] == "no-store"


def test_a_stale_token(client_as, stranger):
    checked = client_as(stranger, enforce_csrf_checks=True)
    assert said(checked.post(ECHO, {}, content_type="application/json")) == (403, "csrf")
    assert checked.post("/accounts/logout/")["Content-Type"].startswith("text/html")


def test_a_first_password(client_as, stranger):
    stranger.must_change_password = True
    stranger.save()
    response = client_as(stranger).post(ECHO, {}, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "password")


def test_a_plain_request_factory_needs_no_user():
    assert json_api.not_found(RequestFactory().get("/collect/api/x/"), Http404()).status_code == 404
