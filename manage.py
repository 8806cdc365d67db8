#!/usr/bin/env python
"""Django's command line; brings up the embedded database first where DATABASE_URL names none."""

import os
import sys

from django.core.management import execute_from_command_line

from config import bootstrap

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    bootstrap.ensure()
    import config.celery  # noqa: F401  (commands queue tasks: without the app they would go nowhere)

    execute_from_command_line(sys.argv)
