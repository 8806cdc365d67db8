"""Operations from phones: done once, one receipt, whatever the network does."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from common import audit, sync
from common.models import AuditEvent, SyncOp
from regions.models import Region
from tests.factories import RegionFactory, UserFactory


@pytest.fixture(autouse=True)
def note():
    """A kind of operation that names a region, or does as its body asks."""

    def handle(op):
        match op.body:
            case {"refuse": say}:
                Region.objects.filter(pk=op.body["region"]).update(name="半途")
                raise sync.Refused("no", say, fields=["a"])
            case {"keep": say}:
                raise sync.Quarantined(say, "1/2/")
            case {"break": _why}:
                Region.objects.filter(pk=op.body["region"]).update(name="半途")
                raise RuntimeError
        Region.objects.filter(pk=op.body["region"]).update(name=op.body["name"])
        return {"named": op.body["name"]}

    sync.HANDLERS["tests.name"] = handle
    yield
    del sync.HANDLERS["tests.name"]


def stored():
    return SyncOp.objects.values_list("owner", "state", "receipt", "body_sha256", "received_at").get()


def op(body, uid=None, kind="tests.name"):
    return {"uid": str(uid or uuid.uuid4()), "kind": kind, "made_at": "2026-03-01T08:00:00+08:00", "body": body}


letters = st.text('ab 汉𠀀\n"\\', max_size=5)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**9) | st.sampled_from([0.5, 1e300]) | letters,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(letters, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abcdef"), json_values, max_size=6), st.randoms())
def test_the_digest_does_not_hang_on_the_order(body, random):
    keys = list(body)
    random.shuffle(keys)
    assert sync.digest_of("k", body) == sync.digest_of("k", {key: body[key] for key in keys})
    assert sync.digest_of("k", body) != sync.digest_of("other", body)
    assert sync.digest_of("k", body) != sync.digest_of("k", body | {"g": 1})


@pytest.mark.django_db
class TestOnce:
    def test_applied_and_asked_again(self, village):
        user = UserFactory()
        one = op({"region": village.pk, "name": "新名"})
        (receipt,) = sync.receive([one], by=user)
        assert receipt == {"uid": one["uid"], "state": "applied", "code": "", "say": "", "named": "新名"}
        Region.objects.filter(pk=village.pk).update(name="后来")
        assert sync.receive([one], by=user) == [receipt]
        assert Region.objects.get(pk=village.pk).name == "后来"
        row = SyncOp.objects.get()
        assert (row.state, row.owner, row.body.token, row.made_at.isoformat()) == (
            "applied", user.username, "", "2026-03-01T00:00:00+00:00",
        )  # fmt: skip

    @pytest.mark.parametrize("change", ["body", "kind", "owner"])
    def test_the_same_id_for_something_else_is_refused_and_changes_nothing(self, village, change):
        user = UserFactory()
        one = op({"region": village.pk, "name": "新名"})
        sync.receive([one], by=user)
        before = stored()
        other = dict(one)
        if change == "body":
            other["body"] = one["body"] | {"name": "别名"}
        elif change == "kind":
            other["kind"] = "tests.other"
        (receipt,) = sync.receive([other], by=UserFactory() if change == "owner" else user)
        assert (receipt["state"], receipt["code"]) == ("refused", "other_body")
        assert "named" not in receipt
        assert receipt["say"].endswith("。")
        assert stored() == before
        assert Region.objects.get(pk=village.pk).name == "新名"
        assert AuditEvent.objects.get(action="sync.refused").target == f"common.syncop/{one['uid']}"

    def test_refused_leaves_nothing_half_done_and_stays_refused(self, village):
        user = UserFactory()
        one = op({"region": village.pk, "refuse": "这一户不是您的。"})
        (receipt,) = sync.receive([one], by=user)
        assert receipt == {
            "uid": one["uid"],
            "state": "refused",
            "code": "no",
            "say": "这一户不是您的。",
            "fields": ["a"],
        }
        assert Region.objects.get(pk=village.pk).name == village.name
        assert sync.receive([one], by=user) == [receipt]
        assert AuditEvent.objects.filter(action="sync.refused").count() == 1
        assert not SyncOp.objects.get().body

    def test_quarantined_keeps_the_body_unreadable_at_rest(self, village):
        one = op({"keep": "等待处理。", "name": "王芳"})
        (receipt,) = sync.receive([one], by=UserFactory())
        assert (receipt["state"], receipt["say"]) == ("quarantined", "等待处理。")
        row = SyncOp.objects.get()
        assert row.region_path == "1/2/"
        assert "王芳" not in row.body.token
        assert "王芳" in row.body.reveal()
        assert AuditEvent.objects.get(action="sync.quarantined").region_path == "1/2/"

    def test_what_breaks_is_not_kept_and_holds_nobody_up(self, village, caplog):
        broken, sound = op({"region": village.pk, "break": "x"}), op({"region": village.pk, "name": "新名"})
        first, second = sync.receive([broken, sound], by=UserFactory())
        assert (first["state"], second["state"]) == ("failed", "applied")
        assert first["say"].endswith("。")
        assert [str(row.uid) for row in SyncOp.objects.all()] == [sound["uid"]]
        assert "failed" in caplog.text

    def test_an_unknown_kind(self):
        (receipt,) = sync.receive([op({}, kind="tests.nothing")], by=UserFactory())
        assert (receipt["state"], receipt["code"]) == ("refused", "unknown_kind")

    @pytest.mark.parametrize(
        "raw",
        [
            None,
            [],
            {},
            {"uid": "x", "kind": "tests.name", "body": {}},
            {"uid": str(uuid.uuid4()), "kind": 3, "body": {}},
            {"uid": str(uuid.uuid4()), "kind": "tests.name", "body": []},
            {"uid": str(uuid.uuid4()), "kind": "tests.name", "body": {}, "made_at": "yesterday"},
            {"uid": str(uuid.uuid4()), "kind": "tests.name", "body": {}, "made_at": "2026-13-45T00:00:00Z"},
            {"uid": str(uuid.uuid4()), "kind": "tests.name", "body": {"name": "\0"}},
            {"uid": str(uuid.uuid4()), "kind": "tests.name", "body": {"name": "\ud800"}},
            {"uid": str(uuid.uuid4()), "kind": "tests.name", "body": {"name": float("nan")}},
        ],
    )
    def test_malformed(self, raw):
        (receipt,) = sync.receive([raw], by=UserFactory())
        assert (receipt["state"], receipt["code"]) == ("refused", "malformed")
        assert not SyncOp.objects.exists()
        assert audit.content_of(AuditEvent.objects.get(action="sync.refused"))["note"].startswith("malformed")

    def test_too_many_at_once_are_refused_as_a_whole(self, village):
        with pytest.raises(sync.Refused) as refusal:
            sync.receive(
                [op({"region": village.pk, "name": "新名"}) for _n in range(sync.MOST_OPS + 1)], by=UserFactory()
            )
        assert refusal.value.code == "too_many"
        assert not SyncOp.objects.exists()

    def test_three_statements_for_an_operation_that_was_done(self, village, count_queries):
        user = UserFactory()
        one = op({"region": village.pk, "name": "新名"})
        sync.receive([one], by=user)
        # savepoint, insert that does nothing, the stored row, release
        assert count_queries(lambda: sync.receive([one], by=user)) == 4


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_repeats_are_one_operation():
    """Real threads, real connections: one record, fifty equal receipts."""
    village, user = RegionFactory(), UserFactory()
    one = op({"region": village.pk, "name": "新名"})
    counted = []
    plain = sync.HANDLERS["tests.name"]
    sync.HANDLERS["tests.name"] = lambda op: counted.append(op.uid) or plain(op)
    receipts, gate = [], threading.Barrier(50)

    def send():
        gate.wait()
        try:
            receipts.extend(sync.receive([one], by=user))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 50
    assert all(receipt == receipts[0] for receipt in receipts)
    assert receipts[0]["state"] == "applied"
    assert len(counted) == SyncOp.objects.count() == 1
