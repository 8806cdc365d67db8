"""System checks of the servers: a database that silently finds no Chinese text must be refused while it is empty."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

MINIMUM_SERVER = 140000  # PostgreSQL 14, the oldest Django 5.2 supports
CREATE_DATABASE = (
    "CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' "
    "LOCALE 'C.UTF-8' (PostgreSQL 17+); CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8' (14-16)"
)


@register(Tags.database)
def check_database(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Server version, encoding and character types of each database asked for.

    With LC_CTYPE "C" every trigram of Chinese text is empty: indexes and similarity find nothing, without an error.
    """
    return [message for alias in databases or () for message in check_connection(connections[alias])]


def check_connection(connection: BaseDatabaseWrapper) -> list[CheckMessage]:
    """What is wrong with the database of one connection."""
    if connection.vendor != "postgresql":
        return [Error("DATABASE_URL does not name a PostgreSQL server.", id="yihu.E001")]
    with connection.cursor() as cursor:
        cursor.execute(
            r"SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), '户' ~ '\w',"
            " EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')"
        )
        version, encoding, knows_letters, has_trigrams = cursor.fetchone()
        if has_trigrams:
            cursor.execute("SELECT cardinality(show_trgm('户籍')) > 0")
            knows_letters = knows_letters and cursor.fetchone()[0]
    messages: list[CheckMessage] = []
    if version < MINIMUM_SERVER:
        messages.append(Error("The PostgreSQL server is older than 14.", id="yihu.E002"))
    if encoding != "UTF8":
        messages.append(
            Error(f"The database is encoded in {encoding}, not UTF8.", hint=CREATE_DATABASE, id="yihu.E003")
        )
    elif not knows_letters:
        messages.append(
            Error("The database's locale does not know Chinese letters.", hint=CREATE_DATABASE, id="yihu.E004")
        )
    return messages


@register(Tags.security, deploy=True)
def check_no_demonstration(**kwargs: Any) -> list[CheckMessage]:
    """Demonstration log-ins lie in a file in plain text: never beside real data."""
    if not (settings.VAR / "demo-logins.json").exists():
        return []
    return [
        Warning(
            "This installation holds demonstration data and log-ins.", hint="Start on a new database.", id="yihu.W001"
        )
    ]
