"""A database in which Chinese text cannot be found is refused before it holds any."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from common.checks import check_connection, check_database, check_no_demonstration


@pytest.fixture
def c_locale_database(transactional_db) -> Iterator[BaseDatabaseWrapper]:
    connection.ensure_connection()
    name = f"{connection.settings_dict['NAME']}_c"
    admin = psycopg2.connect(connection.connection.dsn, password=connection.settings_dict["PASSWORD"])
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
    other = connection.copy()
    other.settings_dict = connection.settings_dict | {"NAME": name}
    yield other
    other.close()
    with admin.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')
    admin.close()


@pytest.mark.django_db
def test_database_of_the_tests_passes():
    assert check_database(["default"]) == []


def test_no_database_asked_for_no_database_touched():
    assert check_database(None) == []


@pytest.mark.slow
def test_database_without_chinese_letters_is_refused(c_locale_database):
    (message,) = check_connection(c_locale_database)

    assert message.id == "yihu.E004"
    assert "C.UTF-8" in message.hint


def test_demonstration_data_is_reported_at_deployment(settings, tmp_path):
    settings.VAR = tmp_path
    assert check_no_demonstration() == []

    (tmp_path / "demo-logins.json").write_text("[]")
    assert [message.id for message in check_no_demonstration()] == ["yihu.W001"]
