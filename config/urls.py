"""The only list of what is mounted where."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from common.api_docs import docs
from common.display import text_size
from common.views import healthz
from households.views.home import home

handler404 = "common.json_api.not_found"
handler500 = "common.json_api.failed"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("i18n/setlang/", login_not_required(set_language), name="set_language"),
    path("text-size/", text_size, name="text_size"),
    path("accounts/", include("accounts.urls")),
    path("regions/", include("regions.urls")),
    path("cadres/", include("cadres.urls")),
    path("party/", include("party.urls")),
    path("households/", include("households.urls")),
    path("catalogue/", include("catalogue.urls")),
    path("plans/", include("plans.urls")),
    path("assistance/", include("assistance.urls")),
    path("visits/", include("visits.urls")),
    path("supervision/", include("supervision.urls")),
    path("surveys/", include("surveys.urls")),
    path("collect/visit/", include("visits.collect_urls")),
    path("collect/", include("surveys.collect_urls")),
    path("exchange/", include("exchange.urls")),
    path("figures/", include("figures.urls")),
    path("reports/", include("reports.urls")),
    path("jobs/", include("common.urls")),
    path("notices/", include("common.notice_urls")),
    path("docs/api/", docs, name="api_docs"),
    path("api/", include(("config.api_router", "api"))),
]
if settings.DEBUG:
    from common.gallery import gallery

    urlpatterns.append(path("dev/components/", gallery, name="gallery"))
