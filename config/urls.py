"""The only list of what is mounted where."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from common.views import healthz
from config.api_router import router
from households.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("accounts/", include("accounts.urls")),
    path("regions/", include("regions.urls")),
    path("households/", include("households.urls")),
    path("exchange/", include("exchange.urls")),
    path("reports/", include("reports.urls")),
    path("api/", include((router.urls, "api"))),
]
if settings.DEBUG:
    from common.gallery import gallery

    urlpatterns.append(path("dev/components/", gallery, name="gallery"))
