"""常用筛选: kept by one user, for that user, without what was searched for."""

import pytest

from households.models import SavedView
from households.search import seal
from tests.factories import HouseholdFactory, SavedViewFactory

pytestmark = pytest.mark.django_db

SAVE = "/households/views/save/"
VIEWS = "/households/views/"


def test_save_pick_delete(land, client_as, clerk):
    monitored = HouseholdFactory(village=land.village, status="marginal")
    HouseholdFactory(village=land.village)
    client = client_as(clerk)
    answer = client.post(
        SAVE,
        {"name": " 本村  监测户 ", "status": "monitored", "q": seal("王建国"), "cursor": "a5", "evil": "x"},
        follow=True,
    )
    assert "已保存常用筛选“本村 监测户”" in answer.content.decode()
    view = SavedView.objects.get()
    assert (view.user, view.name, view.query) == (clerk, "本村 监测户", "status=monitored")
    ((shown, url),) = client.get(VIEWS).context["views"]
    assert shown == view
    assert client.get(url).context["page"].rows == [monitored]
    client.post(f"{VIEWS}{view.pk}/delete/")
    assert not SavedView.objects.exists()


def test_the_same_name_again_replaces(client_as, clerk):
    client = client_as(clerk)
    for status in ("marginal", "hardship"):
        client.post(SAVE, {"name": "监测", "status": status})
    assert list(SavedView.objects.values_list("query", flat=True)) == ["status=hardship"]


@pytest.mark.parametrize(
    ("post", "sentence"),
    [
        ({"name": "", "status": "marginal"}, "起个名字"),
        ({"name": "长" * 41, "status": "marginal"}, "最多 40 个字"),
        ({"name": "空"}, "还没有选任何条件"),
        ({"name": "只有查找", "q": "王建国"}, "还没有选任何条件"),
    ],
)
def test_what_cannot_be_kept_is_said(post, sentence, client_as, clerk):
    assert sentence in client_as(clerk).post(SAVE, post, follow=True).content.decode()
    assert not SavedView.objects.exists()


def test_thirty_are_enough(client_as, clerk):
    SavedViewFactory.create_batch(30, user=clerk)
    SavedViewFactory()
    assert (
        "最多保存 30 个"
        in client_as(clerk).post(SAVE, {"name": "又", "status": "marginal"}, follow=True).content.decode()
    )
    assert clerk.saved_views.count() == 30


def test_somebody_else_s_is_not_there(client_as, clerk, officer):
    view = SavedViewFactory(user=officer)
    client = client_as(clerk)
    assert client.get(VIEWS).context["views"] == []
    assert client.post(f"{VIEWS}{view.pk}/delete/").status_code == 404
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_the_list_opens_them_in_place(client_as, clerk):
    SavedViewFactory(user=clerk, name="常看的")
    text = client_as(clerk).get(VIEWS, HTTP_HX_REQUEST="true").content.decode()
    assert "常看的" in text
    assert "<html" not in text
