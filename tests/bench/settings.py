"""The settings of the bench: those of an installation, with Django's own admin mounted as the baseline, and nowhere else."""

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES, INSTALLED_APPS, VAR

DEBUG = False
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]
ROOT_URLCONF = "tests.bench.urls"
WHITENOISE_AUTOREFRESH = True
MEDIA_ROOT = VAR / "bench-media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATABASES["default"]["OPTIONS"].pop("options", None)  # seeding takes longer than a page may
DATABASES["outside"] = DATABASES["default"]
