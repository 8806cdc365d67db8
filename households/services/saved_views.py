"""常用筛选: a user keeps the filters of a list under a name. Nobody else sees them, so no audit event is owed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from households.models import SavedView
from households.services.base import LedgerError

MOST = 30  # a user and list; more is not a list one chooses from
NAME_LENGTH = SavedView._meta.get_field("name").max_length or 0
SEARCH = "q"  # what was searched for is a person's name or number and is not kept


@transaction.atomic
def save_view(
    *, name: str, query: Mapping[str, str], by: Any, page: SavedView.Page = SavedView.Page.HOUSEHOLDS
) -> SavedView:
    """Keep filter values (not the search text) under a name; the same name again replaces what it held."""
    name = " ".join(name.split())
    if not name:
        raise ValidationError({"name": [_("请给常用筛选起个名字。")]})
    if len(name) > NAME_LENGTH:
        raise ValidationError({"name": [_("名字最多 40 个字，请写短一些。")]})
    kept = urlencode({key: value for key, value in query.items() if key != SEARCH and value})
    if not kept:
        raise LedgerError(_("还没有选任何条件，没有可以保存的。请先选好条件，再保存。"))
    own = SavedView.objects.select_for_update().filter(user=by, page=page)
    if len(own.exclude(name=name)) >= MOST:
        raise LedgerError(_("常用筛选最多保存 %(most)s 个，请先删掉不用的。") % {"most": MOST})
    return SavedView.objects.update_or_create(user=by, page=page, name=name, defaults={"query": kept})[0]


@transaction.atomic
def delete_view(*, view: SavedView, by: Any) -> None:
    """Only its owner's; somebody else's is not there."""
    if not SavedView.objects.filter(pk=view.pk, user=by).delete()[0]:
        raise LedgerError(_("这个常用筛选已经不在了。"))
