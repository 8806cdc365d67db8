"""What happened in one's own area this month, for the first page: from the roll-up, each number with its list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.scoping import posted_regions
from common.news import News
from figures import rollup
from figures.board import SEE, list_url
from figures.datasets import ROWS, get
from figures.sums import Sums

ITEMS: tuple[tuple[Any, str, dict[str, str]], ...] = (
    (gettext_lazy("新识别"), "changes", {"to": "new"}),
    (gettext_lazy("退出和消除风险"), "changes", {"to": "out"}),
    (gettext_lazy("返贫"), "changes", {"to": "returned"}),
    (gettext_lazy("入户走访"), "visits", {"manner": "visit"}),
    (gettext_lazy("电话联系"), "visits", {"manner": "call"}),
    (gettext_lazy("落实措施"), "deliveries", {}),
)


def this_month(user: Any) -> Iterable[News]:
    tops = posted_regions(user, SEE)
    # A posting inside another one's area is counted with it.
    own = [r for r in tops if not any(r.path.startswith(other.path) and r.pk != other.pk for other in tops)]
    if not own:
        return []
    today = timezone.localdate()
    reading = rollup.read(own, [today.year])
    sums = [Sums(reading.of(region.pk, today.year), today) for region in {r.pk: r for r in own}.values()]
    region = own[0] if len(sums) == 1 else None
    found = []
    for label, code, chosen in ITEMS:
        asked = {**chosen, "month": str(today.month)}
        number = sum(each.number(code, ROWS, **asked) for each in sums)
        dataset = get(code)
        found.append(
            News(str(label), number, str(dataset.unit) if dataset else "", list_url(code, region, today.year, asked))
        )
    return found
