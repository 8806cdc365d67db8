"""Photos of a household: in through the verb that makes them again, out through the row gate, never by a public address."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from common import pictures
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status
from households.forms import PhotoForm
from households.models import Photo
from households.services import add_photo, remove_photo
from households.views.base import FORM, done, household_or_404, page
from households.views.edit import editable


@read_on_get
def photo_add(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk)
    form = PhotoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        if attempt(
            form,
            lambda: add_photo(
                household=household, by=request.user, kind=own["kind"], upload=own["upload"], taken_on=own["taken_on"]
            ),
        ):
            return done(request, household)
    return page(
        request, FORM, household, _("上传照片"), status=form_status(form), form=form, multipart=True, verb=_("上传")
    )


@reads_only
def photo_file(request: HttpRequest, pk: int, photo_pk: int) -> HttpResponse:
    """The picture, or its thumbnail (`?size=small`). The same gate as the ledger; kept by no cache."""
    household = household_or_404(request, pk)
    photo: Photo = get_object_or_404(household.photos, pk=photo_pk, removed_at=None)
    try:
        with photo.file.open("rb") as opened:
            data = opened.read()
    except FileNotFoundError as error:
        raise Http404 from error
    return pictures.answer(request, data)


@read_on_get
def photo_remove(request: HttpRequest, pk: int, photo_pk: int) -> HttpResponse:
    household = editable(request, pk)
    photo = get_object_or_404(household.photos, pk=photo_pk, removed_at=None)
    photo.household = household
    form = forms.Form(request.POST if request.method == "POST" else None)
    if (
        request.method == "POST"
        and form.is_valid()
        and attempt(form, lambda: remove_photo(photo=photo, by=request.user))
    ):
        return done(request, household)
    return page(
        request, "households/photo_remove.html", household, _("删去照片"), status=form_status(form), form=form, photo=photo, verb=_("确认删去"),
        danger=True,
    )  # fmt: skip
