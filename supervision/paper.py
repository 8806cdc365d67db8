"""One page of paper for one cadre's appraisal: figures, score, what was said, lines to sign. A JSON-able model, laid out for templates/pdf/appraisal.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone, translation

from accounts.names import names_of
from common import dates
from common.booklet import written
from supervision import items
from supervision.models import Appraisal, AppraisalWord

TEMPLATE = "pdf/appraisal.html"
SHOWN_WORDS = 4  # the newest; what was said before stands on screen


def model_of(appraisal: Appraisal, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """`appraisal` comes with cadre, unit, round, region, scheme and `words`. Always Chinese, as every paper."""
    with translation.override("zh-hans"):
        return _model(appraisal, names)


def _model(appraisal: Appraisal, names: Mapping[str, str] | None) -> dict[str, Any]:
    round, cadre = appraisal.round, appraisal.cadre
    words: list[AppraisalWord] = list(appraisal.words.all())[-SHOWN_WORDS:]
    names = names if names is not None else names_of({word.by for word in words} | {appraisal.decided_by})
    period = f"{dates.written(round.starts_on)}至{dates.written(round.last_day)}"
    return {
        "schema": 1,
        "document": {
            "title": "帮扶干部考评表", "period": f"{round.region.name}　{period}", "outline": f"{cadre.name} {cadre.unit.name}", "language": "zh-CN",
            "pairs": [
                {"label": "姓名", "value": cadre.name}, {"label": "单位", "value": cadre.unit.name}, {"label": "职务", "value": cadre.title},
                {"label": "考评办法", "value": f"{round.scheme.name}（第{round.scheme.version}版）"},
                {"label": "状态", "value": str(appraisal.get_state_display())},
                {"label": "数据时间", "value": dates.written(timezone.localtime(appraisal.computed_at))},
            ],
        },
        "issue": {"as_of": f"{timezone.localtime():%Y-%m-%d %H:%M}"},
        "rows": [_row(item, appraisal, round.scheme.weights) for item in items.every() if item.code in round.scheme.weights],
        "score": "没有应办的事项，不计分" if appraisal.score is None else f"{appraisal.score}",
        "words": [
            {"kind": str(word.get_kind_display()), "text": word.text, "by": names.get(word.by, word.by), "on": dates.written(timezone.localtime(word.at))}
            for word in words
        ],
        "signatures": [["本人签字", "日期"], ["考评单位（盖章）", "日期"]],
    }  # fmt: skip


def _row(item: items.Item, appraisal: Appraisal, weights: Mapping[str, int]) -> dict[str, Any]:
    figures = appraisal.items.get(item.code, {})
    value = items.value_of(figures)
    others = [f"{item.parts[part]} {figures.get(part, 0)}" for part in item.parts if part not in (items.DUE, items.DONE)]  # fmt: skip
    return {
        "title": str(item.title), "due": figures.get(items.DUE, 0), "done": figures.get(items.DONE, 0), "weight": weights[item.code],
        "share": "不计" if value is None else f"{100 * value:.1f}%", "note": "；".join(others), "meaning": str(item.meaning),
    }  # fmt: skip


def lay_out(model: dict[str, Any]) -> dict[str, Any]:
    """The template's context. Raises KeyError for a model of another shape."""
    document = model["document"]
    return {
        "title": document["title"], "period": document["period"], "outline": document["outline"], "language": document["language"],
        "pairs": [(pair["label"], written(pair["value"])) for pair in document["pairs"]],
        "as_of": model["issue"]["as_of"],
        "rows": [row | {"title": written(row["title"]), "meaning": written(row["meaning"])} for row in model["rows"]],
        "score": model["score"],
        "words": [word | {"text": written(word["text"]), "by": written(word["by"])} for word in model["words"]],
        "signatures": model["signatures"],
    }  # fmt: skip


def models_of(appraisals: Iterable[Appraisal]) -> list[dict[str, Any]]:
    """Many at once; one query for the names."""
    rows = list(appraisals)
    said = {word.by for row in rows for word in row.words.all()} | {row.decided_by for row in rows}
    names = names_of(said)
    return [model_of(row, names) for row in rows]
