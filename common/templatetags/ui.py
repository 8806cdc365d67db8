"""The components of the pages as tags and filters; a builtin library, so templates need not load it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.forms.formsets import BaseFormSet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import dates, pii
from common.forms import MoneyInput
from common.icons import PATHS
from common.money import format_money, in_words

register = template.Library()

MARKS = {"red": "!", "amber": "?", "green": "✓"}
TONES = {"grey", "red", "amber", "green", "blue", "k1", "k2", "k3"}
NOTES = {"info", "warn", "err", "ok"}
BAR = 100


# Small marks


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Inline drawing `name` of `common.icons`; hidden from screen readers unless it has a `label`."""
    aria = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="i" viewBox="0 0 24 24" {} focusable="false"><path d="{}"/></svg>', aria, PATHS[name]
    )


@register.simple_tag
def tag(text: Any, tone: str = "grey", mark: str | None = None) -> SafeString:
    """A state as a word and a mark. `tone` one of TONES; `mark` None = the tone's own, "" = none."""
    if tone not in TONES:
        raise ValueError(f"No tone {tone!r}: choose one of {', '.join(sorted(TONES))}.")
    mark = MARKS.get(tone, "") if mark is None else mark
    return format_html('<span class="tag tag--{}">{}{}</span>', tone, f"{mark} " if mark else "", text)


@register.simple_tag
def loading(text: str = "", id: str = "loading") -> SafeString:
    """The htmx indicator; name it in `hx-indicator`."""
    return format_html('<span class="loading" id="{}" role="status">{}</span>', id, text or _("正在查找…"))


@register.simple_tag
def print_button(text: str = "") -> SafeString:
    """Prints the page; without script it stays hidden, because the browser's own menu does the same."""
    return format_html(
        '<button type="button" class="btn noprint" data-print hidden>{}{}</button>',
        icon("print"),
        text or _("打印本页"),
    )


# Frames


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    link_url: str = "",
    link_text: str = "",
    id: str = "",
    level: int = 2,
    css: str = "",
) -> SafeString:
    """A white box: `title` as heading of `level`, a link at the right; without title a plain box."""
    if not title:
        return format_html('<div class="{}"{}>{}</div>', f"card {css}".strip(), _id(id), content)
    name = f"{id}-t" if id else ""
    return format_html(
        '<section class="{}"{}{}><div class="card__h"><h{}{}>{}</h{}>{}</div><div class="card__b">{}</div></section>',
        f"card {css}".strip(),
        _id(id),
        format_html(' aria-labelledby="{}"', name) if name else "",
        level,
        _id(name),
        title,
        level,
        format_html('<a href="{}">{}</a>', link_url, link_text or _("查看")) if link_url else "",
        content,
    )


@register.simple_block_tag
def note(content: str, tone: str = "info", title: str = "", role: str = "") -> SafeString:
    """A banner. `tone` one of NOTES."""
    if tone not in NOTES:
        raise ValueError(f"No tone {tone!r}: choose one of {', '.join(sorted(NOTES))}.")
    return format_html(
        '<div class="note{}"{}>{}{}</div>',
        "" if tone == "info" else f" note--{tone}",
        format_html(' role="{}"', role) if role else "",
        format_html("<h2>{}</h2>", title) if title else "",
        content,
    )


@register.simple_block_tag
def page_head(content: str, title: str, sub: Any = "", tags: Any = "") -> SafeString:
    """The h1 of a page with `tags` beside it, `sub` below it, and the block's buttons at the right."""
    return format_html(
        '<div class="page-head"><div class="page-head__t"><div class="hd"><h1>{}</h1>{}</div>{}</div>{}</div>',
        title,
        tags,
        format_html("<p>{}</p>", sub) if sub else "",
        format_html('<div class="page-head__a noprint">{}</div>', content) if content.strip() else "",
    )


def _id(value: str) -> SafeString | str:
    return format_html(' id="{}"', value) if value else ""


# Where you are


@register.inclusion_tag("components/crumbs.html")
def crumbs(trail: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """`trail`: (text, url) from the top; an empty url, or the last one, is where you are."""
    return {"trail": list(trail)}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Sequence[Any]], label: str = "") -> dict[str, Any]:
    """`items`: (text, url, current)."""
    return {"items": list(items), "label": label or _("本页各部分")}


@register.inclusion_tag("components/steps.html")
def steps(number: int, total: int, title: str, saved: str = "") -> dict[str, Any]:
    """Step `number` of `total` of a task over several pages."""
    return {"number": number, "total": total, "title": title, "saved": saved}


@register.inclusion_tag("components/pager.html")
def pager(previous: str = "", next: str = "", text: str = "", target: str = "") -> dict[str, Any]:
    """Keyset paging: only the addresses that exist. `target` lets htmx swap that element."""
    return {"previous": previous, "next": next, "text": text, "target": target}


@register.inclusion_tag("components/chips.html")
def chips(items: Iterable[Sequence[Any]], clear: str = "") -> dict[str, Any]:
    """`items`: (text, address without this filter). `clear`: address without any."""
    return {"items": list(items), "clear": clear}


# States of a page


@register.inclusion_tag("components/state.html")
def nothing(text: str, hint: str = "", icon: str = "search", url: str = "", action: str = "") -> dict[str, Any]:
    """Nothing there, why, and what to do about it."""
    return {"text": text, "hint": hint, "icon": icon, "url": url, "action": action}


@register.inclusion_tag("components/state.html")
def nopermission(hint: str = "", url: str = "", action: str = "", text: str = "") -> dict[str, Any]:
    """A part of a page this user may not see or do."""
    return {"text": text or _("您没有查看这部分的权限"), "hint": hint, "icon": "lock", "url": url, "action": action}


@register.inclusion_tag("components/progress.html")
def progress(
    percent: int | None = None,
    text: str = "",
    detail: str = "",
    url: str = "",
    state: str = "running",
    id: str = "progress",
) -> dict[str, Any]:
    """Long work. `percent` 0-100 or None (unknown). While `state` is queued or running the fragment at `url` is fetched again."""
    states = {
        "queued": (_("排队中"), "grey"),
        "running": (_("进行中"), "blue"),
        "pausing": (_("正在停下"), "amber"),
        "paused": (_("已暂停"), "amber"),
        "done": (_("已完成"), "green"),
        "cancelled": (_("已取消"), "grey"),
        "failed": (_("没有完成"), "red"),
    }
    word, tone = states[state]
    return {
        "percent": percent,
        "text": text,
        "detail": detail,
        "url": url,
        "state": state,
        "open": state in {"queued", "running", "pausing"},
        "word": word,
        "tone": tone,
        "id": id,
    }


# Facts


@register.simple_tag
def pair(name: str, value: Any = None, unit: str = "", url: str = "") -> SafeString:
    """A name and its value inside `<dl class="dl">`; what is not known says so."""
    if value is None or value == "":
        shown = format_html('<span class="none">{}</span>', _("未填"))
    else:
        shown = format_html("{} {}", value, unit) if unit else format_html("{}", value)
        shown = format_html('<a href="{}">{}</a>', url, shown) if url else shown
    return format_html("<dt>{}</dt><dd>{}</dd>", name, shown)


@register.simple_block_tag
def pairblock(content: str, name: str) -> SafeString:
    """`pair` with markup as its value."""
    return format_html("<dt>{}</dt><dd>{}</dd>", name, content)


@register.inclusion_tag("components/bars.html")
def bars(
    rows: Iterable[dict[str, Any]], title: str = "", unit: str = "", head: str = "", id: str = "bars"
) -> dict[str, Any]:
    """`rows`: label, value, optional text and url. Bars start at 0; the longest fills the width."""
    rows = [dict(row) for row in rows]
    top = max((Decimal(row["value"] or 0) for row in rows), default=Decimal(0))
    for row in rows:
        value = Decimal(row["value"] or 0)
        row["width"] = f"{max(value, Decimal(0)) * BAR / top:.2f}" if top > 0 else "0"
        row["text"] = row.get("text") or f"{format_money(value)} {unit}".strip()
    return {"rows": rows, "title": title, "unit": unit, "head": head or _("项目"), "id": id}


@register.inclusion_tag("components/timeline.html")
def timeline(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """`entries`, newest first: title, meta, text, url (all but title optional)."""
    return {"entries": list(entries)}


@register.inclusion_tag("components/diff.html")
def diff(rows: Iterable[dict[str, Any]], caption: str = "") -> dict[str, Any]:
    """`rows`: label, old, new, optional note: what is there and what will be."""
    return {"rows": list(rows), "caption": caption}


@register.inclusion_tag("components/photo.html")
def photo(url: str = "", alt: str = "", caption: str = "", thumb: str = "") -> dict[str, Any]:
    """A photo that opens at full size; without `url` a frame that says there is none."""
    return {"url": url, "thumb": thumb or url, "alt": alt, "caption": caption}


@register.inclusion_tag("components/kpis.html")
def kpis(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """`items`: label, value, unit, note, url (the list behind the number)."""
    return {"items": list(items)}


@register.inclusion_tag("components/region_picker.html")
def region_picker(picker: Any) -> dict[str, Any]:
    """See components/region_picker.html for what `picker` holds."""
    return {"picker": picker}


# Forms


@register.filter
def control(field: BoundField) -> SafeString:
    """The bare control of a form field with the classes of the design; give it a label yourself."""
    widget = field.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple | CheckboxInput):
        return field.as_widget()
    css = {"in", *str(widget.attrs.get("class", "")).split()}
    if widget.attrs.get("inputmode") in {"decimal", "numeric"}:
        css.add("in--n")
    attrs: dict[str, str | bool] = {"class": " ".join(sorted(css))}
    if isinstance(widget, MoneyInput) and field.auto_id:
        described = [field.aria_describedby or "", f"{field.auto_id}_read"]
        attrs["aria-describedby"] = " ".join(filter(None, described))
    return field.as_widget(attrs=attrs)


@register.filter
def kind(field: BoundField) -> str:
    """What a field looks like: "check" for one box, "choices" for tiles, else "line"."""
    widget = field.field.widget
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return "choices"
    return "check" if isinstance(widget, CheckboxInput) else "line"


@register.filter
def element(field: BoundField) -> str:
    """Name of the custom element that brings the control to life, or ""."""
    return getattr(field.field.widget, "element", "")


@register.filter
def unit(field: BoundField) -> Any:
    """The unit written behind the control."""
    return field.field.widget.attrs.get("data-unit", "")


@register.simple_tag
def error_summary(*forms: Any) -> SafeString:
    """Every error of `forms` (forms and formsets), each a link to its field; nothing when all is well."""
    general: list[Any] = []
    fields: list[tuple[BoundField, Any]] = []
    for form in forms:
        if isinstance(form, BaseFormSet):
            general += form.non_form_errors()
        for single in form.forms if isinstance(form, BaseFormSet) else [form]:
            general += single.non_field_errors()
            fields += [(field, error) for field in single for error in field.errors if not field.is_hidden]
            general += [error for field in single.hidden_fields() for error in field.errors]
    if not general and not fields:
        return SafeString("")
    return render_to_string("components/error_summary.html", {"general": general, "fields": fields})


@register.filter
def focus_id(field: BoundField) -> str:
    """Where a link to this field must jump: a group of tiles has no element with the field's own id."""
    return f"{field.auto_id}_0" if kind(field) == "choices" else str(field.auto_id)


# Values


@register.filter
def money(value: Any) -> str:
    """1234 -> 1,234; 1234.5 -> 1,234.50; None or "" -> —."""
    if value is None or value == "":
        return "—"
    try:
        return format_money(Decimal(value))
    except (InvalidOperation, TypeError, ValueError):
        return str(value)


@register.filter
def words(value: Any) -> str:
    """180000 -> 十八万元; None or "" -> nothing."""
    return "" if value is None or value == "" else in_words(Decimal(value))


@register.filter
def masked(value: Any) -> str:
    """A phone (11 digits) as 138****0000, an identity number (18) as 5301**********002X, longer numbers by their last four."""
    text = str(value or "")
    if len(text) == 11:
        return pii.mask_phone(text)
    return pii.mask_id(text) if len(text) <= 18 else pii.mask_account(text)


@register.filter
def cndate(value: dt.date | dt.datetime | None, form: str = "") -> str:
    """2026年3月15日 (15 Mar 2026); `"time"` adds 10:32. Moments are shown in local time; None -> —."""
    if value is None or value == "":
        return "—"
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        value = timezone.localtime(value)
    day = dates.written(value)
    return f"{day} {value:%H:%M}" if form == "time" and isinstance(value, dt.datetime) else day


@register.filter
def age(birthday: dt.date | None, on: dt.date | None = None) -> int | str:
    """Full years on a day (today by default); None -> —."""
    if birthday is None or birthday == "":
        return "—"
    on = on or timezone.localdate()
    return on.year - birthday.year - ((on.month, on.day) < (birthday.month, birthday.day))


@register.filter
def dash(value: Any) -> Any:
    """The value, or — where there is none."""
    return "—" if value is None or value == "" else value
