"""Where places are drawn: on a grid of their own choice, as points, by outlines that a county brings; and what cannot be drawn."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from figures import atlas
from figures.models import MapPlace
from tests.factories import HouseholdFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(client, official, land):
    client.force_login(official)

    def post(act, region=None, **data):
        return client.post(
            reverse("figures:map_edit", args=[(region or land.county).pk]), {"act": act, **data}, follow=True
        )

    return post


def page_of(client, region) -> str:
    return client.get(reverse("figures:board", args=[region.pk])).content.decode()


def square(lon, lat, **properties):
    ring = [[lon, lat], [lon + 0.1, lat], [lon + 0.1, lat + 0.1], [lon, lat + 0.1], [lon, lat]]
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def outlines(*features):
    body = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()
    return SimpleUploadedFile("边界.geojson", body)


def test_tiles_stand_where_they_are_put(client, send, land):
    one, other = land.township.pk, land.next_township.pk
    page = send("tiles", **{f"column_{one}": 2, f"row_{one}": 1, f"column_{other}": 1, f"row_{other}": 3})
    assert "地图已更新" in page.content.decode()
    assert set(MapPlace.objects.values_list("region", "column", "row")) == {(one, 1, 0), (other, 0, 2)}
    assert f'href="{reverse("figures:board", args=[one])}" aria-label="石门乡' in page_of(client, land.county)


def test_two_on_one_tile_are_refused(send, land):
    one, other = land.township.pk, land.next_township.pk
    data = {f"{part}_{pk}": 1 for part in ("column", "row") for pk in (one, other)}
    page = send("tiles", **data)
    assert page.status_code == 422
    assert "都在第 1 列第 1 行" in page.content.decode()
    assert not MapPlace.objects.exists()
    assert send("tiles", **(data | {f"column_{one}": 99})).status_code == 422


def test_villages_are_points_once_three_are_known(client, send, land):
    HouseholdFactory(village=land.village, status="unstable")
    for n, village in enumerate((land.village, land.near_village)):
        send("positions", text=f"{village.name}，108.{n}，26.5")
    assert "<circle" not in page_of(client, land.township)
    third = type(land.village).objects.create(
        code="000000003001", name="新村", level=5, parent=land.township, path=f"{land.township.path}3001/"
    )
    assert "地图已更新" in send("positions", text=f"\n{third.code}\t108.31 26.7\n").content.decode()
    page = page_of(client, land.township)
    assert page.count("<circle") >= 3
    assert "10 公里" in page


@pytest.mark.parametrize(
    ("text", "say"),
    [
        ("青石村 108.1", "第 1 行应是村名、经度、纬度三项"),
        ("青石村 108.1 26.5\n没有村 108.1 26.5", "第 2 行的“没有村”不在这里的村里"),
        ("邻村 108.1 26.5", "不在这里的村里"),
        ("青石村 东 26.5", "不是数字"),
        ("青石村 26.5 108.1", "经度在前、纬度在后"),
        ("  \n ", "必填|没有读到位置|请填写"),
    ],
)
def test_a_wrong_line_saves_nothing(send, text, say):
    page = send("positions", text=text)
    assert page.status_code == 422
    assert any(part in page.content.decode() for part in say.split("|"))
    assert not MapPlace.objects.exists()


def test_a_county_brings_its_outlines_and_takes_them_back(client, send, land):
    page = send(
        "outlines",
        file=outlines(
            square(108, 26, name="石门乡"), square(108.1, 26, 代码=land.next_township.code), square(1, 1, name="别处")
        ),
    )
    assert "地图已更新" in page.content.decode()
    assert MapPlace.objects.filter(shape__isnull=False).count() == 2
    assert '<path d="M' in page_of(client, land.county)
    assert "已不用边界" in send("drop").content.decode()
    assert not MapPlace.objects.filter(shape__isnull=False).exists()


@pytest.mark.parametrize(
    ("file", "say"),
    [
        (SimpleUploadedFile("a.geojson", b"<html>"), "不是 GeoJSON"),
        (SimpleUploadedFile("a.geojson", b"[1, 2]"), "没有边界"),
        (SimpleUploadedFile("a.geojson", b'{"features": [{"properties": {"name": "\xe7\x9f\xb3\xe9\x97\xa8\xe4\xb9\xa1"}, "geometry": {"type": "Polygon", "coordinates": [[["x", 1], [1, 1], [1, 2], [1, 3]]]}}]}'), "读不懂的坐标"),
        (outlines(square(108, 26, name="别处")), "没有一个地区"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_drawn(send, file, say):
    file.seek(0)
    page = send("outlines", file=file)
    assert page.status_code == 422
    assert say in page.content.decode()
    assert not MapPlace.objects.exists()


def test_who_keeps_no_regions_places_nothing(client, officer, clerk, land):
    for user in (officer, clerk):
        client.force_login(user)
        assert client.get(reverse("figures:map_edit", args=[land.township.pk])).status_code == 403
        assert reverse("figures:map_edit", args=[land.township.pk]) not in page_of(client, land.village)


@given(st.lists(st.tuples(st.floats(108, 109), st.floats(26, 27)), min_size=4, max_size=400))
def test_an_outline_is_thinned_to_its_own_corners(points):
    found = atlas.simplified(points, 160)
    assert len(found) <= 160 or found == points
    assert found[0] == points[0]
    assert found[-1] == points[-1]
    assert set(found) <= set(points)


def test_the_wall_screen_asks_for_itself(client, official, land, work):
    client.force_login(official)
    page = client.get(reverse("figures:wall", args=[land.county.pk])).content.decode()
    assert 'hx-trigger="every 60s"' in page
    assert "示范县" in page
    assert client.get(reverse("figures:wall", args=[land.other_county.pk])).status_code == 404
