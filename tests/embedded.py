"""Early pytest plugin (`-p tests.embedded`): the servers and keys of the tests, there before the settings are read.

The tests have a cluster of their own, which may lose data in a power cut and is fast for it. A DATABASE_URL of the
caller wins, so that the same tests run against any other server. The children of pytest-xdist inherit the environment.
"""

import datetime as dt
import os
import time
import zoneinfo

from common import broker
from config import bootstrap
from config.embeddedpg import THROWAWAY, Cluster

started = time.perf_counter()
var = bootstrap.var_dir()
bootstrap.ensure_secrets(var)
# A broker of the tests' own, started by the few tests that need one: the worker of an installation that is running in the same
# folder must never be handed a test's job.
broker_var = var / f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
os.environ["CELERY_BROKER_URL"] = broker.url(broker_var)
if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = Cluster(var / "postgres-test", settings=THROWAWAY).acquire().url()
# A run that began today must not end tomorrow, or half of what its tests take for today is yesterday: late in the evening they live an
# hour further west, the servers they start with them.
late = dt.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai")).time() >= dt.time(23, 10)
os.environ.setdefault("YIHU_TEST_ZONE", "Asia/Bangkok" if late else "Asia/Shanghai")
seconds = time.perf_counter() - started


def pytest_report_header() -> str:
    """The server of this run; a password in its address is left out."""
    return f"database: {os.environ['DATABASE_URL'].rsplit('@', 1)[-1]} (ready after {seconds:.2f} s)"
