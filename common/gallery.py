"""Every component on one page, for whoever changes the look. Mounted only when DEBUG is on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.readonly import reads_only


@reads_only
def gallery(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/components.html")
