"""Views that know nothing of households: is the server alive."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse

from common.readonly import reads_only


@login_not_required
@reads_only
def healthz(request: HttpRequest) -> HttpResponse:
    """Answers "ok" while the process and its database do; read by the supervisor and by a load balancer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")
