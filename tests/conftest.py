"""The strictness of every test, the region tree and the named cast.

Strict beyond pyproject's settings: unordered queries of our tables come back shuffled, files go to a folder of the session, and
the broker is never spoken to unless a test starts one.
"""

from __future__ import annotations

from types import SimpleNamespace

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.models.functions import Random
from django.db.models.sql import compiler
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from accounts.roles import Role
from regions.models import Level
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    PostingFactory,
    RegionFactory,
    UserFactory,
)
from tests.scene import scene  # noqa: F401  a fixture

# Machines are slow at times: how long an example takes, or is thought up, is no fault of it. Every run asks the same examples, so that what
# was green stays green until the code changes; `./run test --hypothesis-profile=exploring` looks for new ones.
SLOWLY = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
hypothesis.settings.register_profile("yihu", derandomize=True, **SLOWLY)
hypothesis.settings.register_profile("exploring", derandomize=False, **SLOWLY)
hypothesis.settings.load_profile("yihu")

OUR_APPS = frozenset(app for app in settings.INSTALLED_APPS if (settings.BASE_DIR / app).is_dir())

# -- strictness -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Transaction tests empty the tables between them, which the audit trail rightly refuses: only here it does not."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in ("common_auditevent", "common_auditlink"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit_no_truncate")
        # The region tree has primary keys of its own choice, far below these.
        cursor.execute("SELECT setval(pg_get_serial_sequence('regions_region', 'id'), 100000)")


@pytest.fixture(autouse=True, scope="session")
def media(tmp_path_factory):
    """Uploaded and printed files of this session."""
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        yield


@pytest.fixture(autouse=True)
def outside_is_default(request):
    """Progress goes through a second connection, which cannot see inside a test's transaction: there, it is the same one."""
    marker = request.node.get_closest_marker("django_db")
    names = set(request.fixturenames)
    if names & {"transactional_db", "live_server", "django_db_serialized_rollback"} or (
        marker and (marker.kwargs.get("transaction") or marker.args[:1] == (True,))
    ):
        yield
        return
    if not marker and "db" not in names:
        yield
        return
    request.getfixturevalue("_django_db_helper")
    own = connections["outside"]
    connections["outside"] = connections["default"]
    yield
    connections["outside"] = own


def _shuffled_order_by(self):
    order = _plain_order_by(self)
    query, options = self.query, self.query.get_meta()
    if (
        order
        or options is None
        or options.app_label not in OUR_APPS
        or query.distinct
        or query.combinator
        or query.group_by is not None
        or query.subquery
        or any(a.contains_aggregate for a in query.annotation_select.values())
    ):
        return order
    by_chance = Random().asc().resolve_expression(query, allow_joins=True, reuse=None)
    return [(by_chance, (*self.compile(by_chance), False))]


_plain_order_by = compiler.SQLCompiler.get_order_by
compiler.SQLCompiler.get_order_by = _shuffled_order_by

# -- places ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def land(db):
    """A province, a city, two counties. The keys are chosen: path "1/2/11/" must not match "1/2/110/", nor "…/30/300/" "…/30/3000/".

    county (11): township (30) with village (300) and near_village (3000); next_township (31) with village far_village (310) and (311);
    other_county (110): other_township (301) with other_village (3010).
    """

    def region(pk, level, name, parent=None):
        return RegionFactory(pk=pk, level=level, name=name, parent=parent, code=f"{pk:012d}")

    place = SimpleNamespace()
    place.province = region(1, Level.PROVINCE, "示范省")
    place.city = region(2, Level.CITY, "示范市", place.province)
    place.county = region(11, Level.COUNTY, "示范县", place.city)
    place.township = region(30, Level.TOWNSHIP, "石门乡", place.county)
    place.village = region(300, Level.VILLAGE, "青石村", place.township)
    place.near_village = region(3000, Level.VILLAGE, "白石村", place.township)
    place.next_township = region(31, Level.TOWNSHIP, "柳河镇", place.county)
    place.far_village = region(310, Level.VILLAGE, "柳树村", place.next_township)
    place.last_village = region(311, Level.VILLAGE, "河湾村", place.next_township)
    place.other_county = region(110, Level.COUNTY, "邻县", place.city)
    place.other_township = region(301, Level.TOWNSHIP, "邻乡", place.other_county)
    place.other_village = region(3010, Level.VILLAGE, "邻村", place.other_township)
    return place


@pytest.fixture
def village(land):
    return land.village


@pytest.fixture
def township(land):
    return land.township


@pytest.fixture
def county(land):
    return land.county


@pytest.fixture
def household(land):
    """A household of two years' standing in `village`: householder, annual record, helper's user is the fixture `helper`."""
    return HouseholdFactory(village=land.village, with_householder=True, with_year=True)


# -- the cast -------------------------------------------------------------------------------------------------------------------


def _posted(role, region, username, name, **posting):
    user = UserFactory(username=username, name=name)
    PostingFactory(user=user, role=role, region=region, **posting)
    return user


@pytest.fixture
def post():
    """`post(Role.AUDITOR, region)`: another user with that posting."""

    def make(role, region, **posting):
        user = UserFactory()
        PostingFactory(user=user, role=role, region=region, **posting)
        return user

    return make


@pytest.fixture
def clerk(land):
    """Village clerk of `village`."""
    return _posted(Role.VILLAGE_CLERK, land.village, "clerk", "村信息员")


@pytest.fixture
def resident(land):
    """Resident team member in `village`."""
    return _posted(Role.RESIDENT_TEAM, land.village, "resident", "驻村队员")


@pytest.fixture
def officer(land):
    """Township officer of `township`."""
    return _posted(Role.TOWNSHIP_OFFICER, land.township, "officer", "乡镇专干")


@pytest.fixture
def official(land):
    """County official of `county`."""
    return _posted(Role.COUNTY_OFFICIAL, land.county, "official", "县级干部")


@pytest.fixture
def department_user(land):
    """User of a department of `county`."""
    return _posted(Role.DEPARTMENT_USER, land.county, "department", "教育局经办", department="教育局")


@pytest.fixture
def auditor(land):
    """Auditor posted at `county`."""
    return _posted(Role.AUDITOR, land.county, "auditor", "审计人员")


@pytest.fixture
def admin(land):
    """System administrator posted at the province: accounts and regions, no household data."""
    return _posted(Role.SYSTEM_ADMIN, land.province, "sysadmin", "系统管理员")


@pytest.fixture
def helper(household):
    """A cadre who can log in and helps `household`; no posting."""
    user = UserFactory(username="helper", name="帮扶人")
    PairingFactory(
        household=household, cadre=CadreFactory(user=user, name="帮扶人", unit__region=household.township.parent)
    )
    return user


@pytest.fixture
def stranger(db):
    """Somebody who can log in and holds nothing."""
    return UserFactory(username="stranger", name="外人")


# -- tools ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def client_as():
    """`client_as(user)`: a signed-in test client of that user (checks CSRF no more than Django's own)."""

    def make(user, **options):
        client = Client(**options)
        client.force_login(user)
        return client

    return make


@pytest.fixture
def count_queries(db):
    """`count_queries(function) -> int`: queries sent while it runs."""

    def count(function):
        with CaptureQueriesContext(connection) as captured:
            function()
        return len(captured)

    return count
