"""A developer's machine: debug pages and plain static files, all else as in production."""

from config.settings.base import *  # noqa: F403

DEBUG = env.bool("DEBUG", default=True)  # noqa: F405
