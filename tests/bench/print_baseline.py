"""What printing is measured against: the same four-page ledger under WeasyPrint as it comes, with good fonts and a warm process.

The baseline has fixed tables, whole TrueType faces, one font configuration and one parsed style sheet, and a calmed collector; it
lacks what `common.pdf` adds: cut faces, the lean built-in sheet, the code as PNG, several booklets in one write. Every figure is CPU
time of warm processes that take turns in random order, so a busy machine moves both sides alike: read ratios, not milliseconds.
"""

from __future__ import annotations

import copy
import gc
import io
import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]
BATCH = 10


def households(count: int) -> list[dict[str, Any]]:
    """Different families of the same size: names, numbers and amounts vary, so nothing is laid out from a cache."""
    from tests.common import ledgers

    surnames, given = (
        "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
        "伟芳娜敏静强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰春梅海波建",
    )
    made = []
    for n in range(count):
        name = surnames[n % 20] + given[n * 7 % 30] + given[n * 11 % 30]
        model = copy.deepcopy(ledgers.full_ledger(f"{n:010d}", name))
        model["sections"][0]["pairs"][-1]["value"] = name
        del model["sections"][1]["notes"]
        for k, row in enumerate(model["sections"][1]["rows"]):
            row[1] = surnames[n % 20] + given[(n + k) % 30] + given[(n * k) % 30]
        for k, row in enumerate(model["sections"][3]["parts"][0]["rows"]):
            row["cells"][1:] = [f"{(n * 37 + k * 101 + y * 53) % 90000:,.2f}" for y in range(5)]
        made.append(model)
    return made


# --- The two engines, each in a process of its own ---


def _ours() -> Callable[[list[dict[str, Any]]], bytes]:
    from common import pdf
    from tests.common import ledgers

    pdf.warm_up()
    return lambda models: pdf.render(models, media=ledgers.media)


def _stock() -> Callable[[list[dict[str, Any]]], bytes]:
    """WeasyPrint by its documentation: the same template and sheet, the whole faces by @font-face, the code as one SVG path."""
    import segno
    from django.conf import settings
    from django.template.loader import get_template
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    from common import booklet, fonts, pdf
    from tests.common import ledgers

    where = Path(settings.VAR) / "bench-fonts"
    where.mkdir(parents=True, exist_ok=True)
    if not (where / "bold.ttf").exists():
        for name, content in fonts.fetch("sc-regular", "sc-bold").items():
            (where / f"{name.removeprefix('sc-')}.ttf").write_bytes(content)
    faces = "".join(
        f"@font-face {{ font-family: Ledger; font-weight: {weight}; src: url({(where / file).as_uri()}) }}"
        for weight, file in ((400, "regular.ttf"), (700, "bold.ttf"))
    )
    font_config = FontConfiguration()
    sheet = Path(settings.BASE_DIR) / "static" / "pdf" / "ledger.css"
    css = CSS(string=faces + sheet.read_text("utf-8"), font_config=font_config)
    template = get_template("pdf/ledger.html")

    def render(models: list[dict[str, Any]]) -> bytes:
        made = b""
        for model in models:
            book = booklet.lay_out(model)
            book["qr"] = segno.make(model["issue"]["qr"], error="m", micro=False).svg_data_uri(border=4)
            html = HTML(string=template.render({"book": book}), url_fetcher=_open_fetcher(pdf, ledgers))
            made = html.render(font_config=font_config, stylesheets=[css]).write_pdf()
        return made

    warm = render(households(1))
    assert warm
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    return render


def _open_fetcher(pdf: Any, ledgers: Any) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Fetcher(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("media:"):
                content, content_type = ledgers.media(url.removeprefix("media:"))
                return URLFetcherResponse(url, body=content, headers={"Content-Type": content_type})
            return super().fetch(url, headers)

    return Fetcher()


def _serve(engine: str, pipe: Any) -> None:
    """Answer (CPU seconds, bytes of the last PDF, resident bytes) for each list of models until None comes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    from config import bootstrap

    bootstrap.ensure()
    import django

    django.setup()
    import psutil

    render = {"ours": _ours, "stock": _stock}[engine]()
    me = psutil.Process()
    pipe.send("ready")
    while (models := pipe.recv()) is not None:
        begun = time.process_time()
        content = render(models)
        pipe.send((time.process_time() - begun, len(content), me.memory_info().rss))


@contextmanager
def _workers(*engines: str) -> Iterator[list[Any]]:
    context = multiprocessing.get_context("spawn")
    pipes, processes = [], []
    for engine in engines:
        near, far = context.Pipe()
        process = context.Process(target=_serve, args=(engine, far))
        process.start()
        pipes.append(near)
        processes.append(process)
    try:
        for pipe in pipes:
            assert pipe.recv() == "ready"
        yield pipes
    finally:
        for pipe, process in zip(pipes, processes, strict=True):
            pipe.send(None)
            process.join(10)


def _ask(pipe: Any, models: list[dict[str, Any]]) -> tuple[float, int, int]:
    pipe.send(models)
    return pipe.recv()


def _row(
    name: str, value: float, unit: str, limit: float, ratio: float, budget: float, *, at_least: bool = False
) -> Row:
    ok = ratio >= budget if at_least else ratio <= budget
    return {
        "bench": "print", "name": name, "value": round(value, 4), "unit": unit, "limit": round(limit, 4),
        "ratio": round(ratio, 3), "budget": budget, "ok": ok,
    }  # fmt: skip


# --- The rows of the bench ---


def against_stock(rounds: int = 12) -> list[Row]:
    """One four-page ledger, ours against stock, taking turns; and ours in batches of ten, for each ledger."""
    models = households(rounds + BATCH)
    single: dict[str, list[float]] = {"ours": [], "stock": []}
    batch: list[float] = []
    with _workers("ours", "stock") as (ours, stock):
        for n in range(rounds):
            turns = [("ours", ours), ("stock", stock)]
            random.shuffle(turns)
            for engine, pipe in turns:
                single[engine].append(_ask(pipe, [models[n]])[0])
            if n % 6 == 5:
                batch.append(_ask(ours, models[n : n + BATCH])[0] / BATCH)
    us, them = statistics.median(single["ours"]), statistics.median(single["stock"])
    rows = [_row("one four-page ledger / stock WeasyPrint", us, "CPU s", them, us / them, 0.90)]
    if batch:
        each = statistics.median(batch)
        rows.append(_row("one ledger in a batch of ten / stock WeasyPrint", each, "CPU s", them, each / them, 0.90))
    return rows


def two_workers(ledgers_each: int = 20) -> Row:
    """Ledgers a second (wall time) of two processes over those of one, batches of ten."""
    models = households(ledgers_each)
    with _workers("ours", "ours") as pipes:

        def spend(using: list[Any]) -> float:
            begun = time.monotonic()
            for at in range(0, ledgers_each, BATCH):
                for pipe in using:
                    pipe.send(models[at : at + BATCH])
                for pipe in using:
                    pipe.recv()
            return len(using) * ledgers_each / (time.monotonic() - begun)

        one, two = [], []
        for _turn in range(2):
            one.append(spend(pipes[:1]))
            two.append(spend(pipes))
    alone, both = max(one), max(two)
    return _row("two workers / one worker", both, "ledgers/s", alone, both / alone, 1.8, at_least=True)


def memory_growth(ledgers_total: int = 200) -> Row:
    """Resident megabytes one worker gains over the last quarter of its ledgers; it must settle."""
    with _workers("ours") as (pipe,):
        sizes = [
            _ask(pipe, [model])[2]
            for n in range(0, ledgers_total, 50)
            for model in households(min(50, ledgers_total - n))
        ]
    last = sizes[-max(1, ledgers_total // 4) :]
    grown = (last[-1] - last[0]) / 1e6
    return _row("memory gained by the last quarter of the ledgers", grown, "MB", sizes[-1] / 1e6, grown, 5.0)


def merged_bytes(count: int = 20) -> Row:
    """Kilobytes a booklet in a merged file, one photo each."""
    from common import pdf
    from tests.common import ledgers

    models = households(count)
    for n, model in enumerate(models):
        model["sections"][0]["photos"] = [{"src": f"media:p{n}", "caption": "户主"}]
        parts = model["sections"][4]["parts"]
        model["sections"][4]["parts"] = [part for part in parts if part["kind"] != "photos"]
    files = [
        pdf.render_batch(
            models[n : n + BATCH], media=lambda ident: (ledgers.photo(472, 354, int(ident[1:])), "image/jpeg")
        )[0]
        for n in range(0, count, BATCH)
    ]
    out = io.BytesIO()
    pdf.merge(files, out)
    each = len(out.getvalue()) / count / 1000
    return _row("kilobytes a booklet in a merged file", each, "KB", 260, each, 260)


def rows(*, quick: bool = False) -> list[Row]:
    """All rows this module can measure by itself; `quick` takes fewer rounds."""
    return [
        *against_stock(6 if quick else 18),
        two_workers(10 if quick else 30),
        memory_growth(40 if quick else 200),
        merged_bytes(),
    ]
