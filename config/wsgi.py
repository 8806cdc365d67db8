"""The door for web servers: gunicorn loads `config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from config import bootstrap

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")
bootstrap.ensure()

from config.celery import app as celery_app  # noqa: E402  (pages queue tasks: without the app they would go nowhere)

application = get_wsgi_application()

__all__ = ["application", "celery_app"]
