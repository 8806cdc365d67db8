"""The test run: strict templates, fast hashing, no manifest, plain storage."""

import os

from config.settings.base import *  # noqa: F403

DEBUG = False
TIME_ZONE = CELERY_TIMEZONE = os.environ.get("YIHU_TEST_ZONE", "Asia/Shanghai")  # another late in the evening
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = VAR / "test-media"  # noqa: F405
WHITENOISE_AUTOREFRESH = True
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
CACHES["shared"] = CACHES["default"]  # noqa: F405  no broker is spoken to
