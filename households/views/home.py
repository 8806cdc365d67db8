"""The first page after the log-in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.readonly import reads_only


@reads_only
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "households/home.html")
