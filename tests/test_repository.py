"""The repository tests itself: rules that a reviewer would have to remember."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import pofile
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models, transaction
from django.template import engines
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.scoping import ScopedQuerySet
from common.readonly import WriteInReadView, read_on_get, reads_only
from households.models import AUDITED, MatchingRow, SavedView
from regions.models import Region
from tests.factories import RegionFactory

ROOT = Path(settings.BASE_DIR)
FLOORS = [
    ["common"],
    ["regions"],
    ["accounts"],
    ["cadres"],
    ["party"],
    ["households"],
    ["surveys"],
    ["catalogue"],
    ["plans"],
    ["assistance"],
    ["visits"],
    ["supervision"],
    ["figures"],
    ["reports", "exchange"],
    ["config"],
]
FLOOR = {app: n for n, floor in enumerate(FLOORS) for app in floor}
PACKAGES = tuple(FLOOR)


def sources(*patterns: str) -> list[Path]:
    """Our Python files; `patterns` are globs inside a package."""
    found = [p for package in PACKAGES for pattern in patterns or ("**/*.py",) for p in (ROOT / package).glob(pattern)]
    return sorted(p for p in set(found) if "/migrations/" not in str(p))


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def our_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if m._meta.app_label in FLOOR]


# -- floors and rows ----------------------------------------------------------------------------------------------------------------


def test_foreign_keys_point_down():
    """A string foreign key ("plans.Plan") is invisible to import-linter."""
    upward = [
        f"{model._meta.label}.{f.name} -> {f.related_model._meta.label}"
        for model in our_models()
        for f in model._meta.get_fields()
        if f.is_relation
        and f.concrete
        and FLOOR.get(f.related_model._meta.app_label, -1) > FLOOR[model._meta.app_label]
    ]
    assert not upward


SCOPED = {m.__name__ for m in our_models() if isinstance(m._default_manager.all(), ScopedQuerySet)}
DOORS = (
    "views.py",
    "views/*.py",
    "*_views.py",
    "api.py",
    "forms.py",
    "forms/*.py",
    "filters.py",
    "templatetags/*.py",
    "selection.py",
    "listing.py",
)
DOOR_PACKAGES = (
    "party",
    "visits",
    "supervision",
    "figures",
    "households",
    "surveys",
    "catalogue",
    "plans",
    "assistance",
    "exchange",
    "reports",
    "cadres",
    "accounts",
    "regions",
)


def unscoped_uses(source: str) -> Iterator[tuple[int, str]]:
    """(line, model) wherever a door reaches a scoped table without for_user().

    A subquery correlated with OuterRef("pk") sees only what hangs off rows that have passed the gate.
    """
    tree = ast.parse(source)
    simple = (ast.Assign, ast.Return, ast.Expr)
    correlated = {
        inner
        for statement in ast.walk(tree)
        if isinstance(statement, simple) and 'OuterRef("pk")' in ast.unparse(statement).replace("'", '"')
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if node in correlated:
            continue
        match node:
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id=model), attr="objects" | "_default_manager"), attr=first
            ):
                if model in SCOPED and first not in {"for_user", "none"}:
                    yield node.lineno, model
            case ast.Call(func=ast.Name(id="get_object_or_404" | "get_list_or_404"), args=[ast.Name(id=model), *_]):
                if model in SCOPED:
                    yield node.lineno, model


def test_the_guard_sees_what_it_should():
    seen = [
        model
        for _line, model in unscoped_uses(
            "Household.objects.all()\nget_object_or_404(Member, pk=1)\nHousehold.objects.for_user(u)"
        )
    ]
    assert sorted(seen) == ["Household", "Member"]


def test_doors_reach_rows_through_the_gate():
    found = [
        f"{short(path)}:{line} {model}" for path in sources(*DOORS) for line, model in unscoped_uses(path.read_text())
    ]
    assert not found


def test_every_table_with_people_has_a_gate():
    """What hangs off a household has `for_user`; tables that belong to one user or hold none of it are named here."""
    own = {"SavedView": "a user's own", "PrintItem": "asked through its run"}
    hanging = {
        m.__name__
        for m in our_models()
        if any(f.is_relation and f.concrete and f.related_model in AUDITED for f in m._meta.get_fields())
    }
    assert hanging - SCOPED <= set(own)
    assert SavedView.__name__ in own


def test_every_file_table_of_the_household_is_vouched_for():
    """Every model of the household file is in AUDITED; the two others say why not: a filter's name is not a fact about a household, and
    what a proposal says of one is none before it is applied (its run, which is vouched for, has the digest of its rows)."""
    ours = {m for m in our_models() if m._meta.app_label == "households"}
    assert ours - set(AUDITED) == {SavedView, MatchingRow}


def test_when_and_who_are_both_set_or_both_empty():
    """A pair `x_at`, `x_by` has a check constraint that names both (or the moment and a state)."""
    bare = []
    for model in our_models():
        names = {f.name for f in model._meta.concrete_fields}
        for name in names:
            by = name.removesuffix("_at") + "_by"
            nullable = name in names and model._meta.get_field(name).null
            if name.endswith("_at") and by in names and nullable:
                conditions = " ".join(str(c.deconstruct()[2]) for c in model._meta.constraints)
                if name not in conditions or by not in conditions:
                    bare.append(f"{model._meta.label}.{name}")
    assert not bare


# -- addresses ------------------------------------------------------------------------------------------------------------------------


def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            yield from patterns(each)
        else:
            yield each


def kind_of(view) -> str:
    """How a view is declared: reads_only, require_POST, answers_json, or what Django and DRF bring themselves."""
    if hasattr(view, "cls") or hasattr(view, "view_class"):
        return "class"
    while True:
        if getattr(view, "reads_only", False):
            return "reads"
        for cell in view.__closure__ or ():
            if isinstance(cell.cell_contents, list) and set(cell.cell_contents) <= {"GET", "HEAD", "POST", "PUT"}:
                return "methods"
        if not hasattr(view, "__wrapped__"):
            return ""
        view = view.__wrapped__


def test_every_page_says_whether_it_reads_or_writes():
    loose = [
        str(p.pattern)
        for p in patterns(get_resolver())
        if not kind_of(p.callback) and not p.callback.__module__.startswith("django.")
    ]
    assert not loose, "wrap with reads_only, read_on_get or require_POST"


def test_addresses_have_names_and_end_with_a_slash_or_a_word():
    for pattern in patterns(get_resolver()):
        assert pattern.name, pattern
    names = [p.name for p in patterns(get_resolver()) if not hasattr(p.callback, "cls")]
    assert not [n for n in names if not re.fullmatch(r"[a-z][a-z0-9_]*|api-root", n)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "write",
    [
        lambda: RegionFactory(),
        lambda: Region.objects.update(name="x"),
        lambda: Region.objects.filter(name="邻村").delete(),
        lambda: list(Region.objects.select_for_update()),
        lambda: Region.objects.bulk_create([Region(code="990000000000", name="x", level=1)]),
    ],
)
def test_a_reading_view_cannot_write(write, land):
    request = RequestFactory().get("/")
    before = set(Region.objects.values_list("pk", "name"))

    def view(request):
        write()

    for wrap in (reads_only, read_on_get):
        with pytest.raises(WriteInReadView), transaction.atomic():
            wrap(view)(request)
    assert set(Region.objects.values_list("pk", "name")) == before


def test_a_reading_view_answers_no_post():
    assert reads_only(lambda request: None)(RequestFactory().post("/")).status_code == 405


# -- services -------------------------------------------------------------------------------------------------------------------------

SERVICES = [
    name
    for name in (
        "regions.services",
        "accounts.services",
        "cadres.services",
        "party.services",
        "households.services",
        "surveys.services",
        "plans.services",
        "exchange.flow",
        "exchange.services",
        "figures.services",
        "exchange.people.services",
        "exchange.outgoing.services",
        "figures.reports.services",
        "reports.services",
    )
    if (ROOT / name.replace(".", "/")).exists() or (ROOT / (name.replace(".", "/") + ".py")).exists()
]
# Questions and sums that stand beside the verbs; they write nothing.
NOT_VERBS = {
    "households.services.may_edit", "households.services.totals", "households.services.room_for_photos", "accounts.services.locked_until", "accounts.services.clean_username",
    "accounts.services.clean_phone", "accounts.services.new_totp_secret", "accounts.services.open_totp_secret", "accounts.services.totp_address",
    "accounts.services.check_second_step", "accounts.services.open_account_from_console", "accounts.services.record_log_in",
    "regions.services.pad_code", "regions.services.clean_name", "regions.services.set_search", "regions.services.full_name_under",
    "regions.services.free_code", "regions.services.next_keys", "regions.services.create_many", "regions.services.build_region",
    "regions.services.note_change", "regions.services.apply_name", "regions.services.current_of", "regions.services.look_up",
    "exchange.flow.sentence", "exchange.flow.short_name", "exchange.flow.opened", "exchange.flow.region_for", "exchange.flow.described",
    "exchange.flow.insert", "exchange.flow.tables_of", "exchange.flow.locked", "exchange.flow.again", "exchange.flow.start", "exchange.flow.send",
    "exchange.outgoing.services.counties_to_share", "exchange.outgoing.services.may_change", "exchange.outgoing.services.check_password",
    "exchange.flow.no_limits", "exchange.people.services.run_people", "exchange.services.run_import", "cadres.services.check_sheet", "reports.services.households_of", "reports.services.standing_of",
    "figures.reports.services.question_of",
}  # fmt: skip


def verbs() -> Iterator[tuple[str, object]]:
    for module_name in SERVICES:
        module = importlib.import_module(module_name)
        for name, function in vars(module).items():
            own = getattr(function, "__module__", "").startswith(module_name)
            if (
                inspect.isfunction(function)
                and own
                and not name.startswith("_")
                and f"{module_name}.{name}" not in NOT_VERBS
            ):
                yield f"{module_name}.{name}", function


def test_every_verb_says_who_acts_and_takes_words_only():
    wrong = []
    for name, verb in verbs():
        parameters = inspect.signature(verb).parameters
        if "by" not in parameters or any(p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters.values()):
            wrong.append(name)
    assert not wrong, "verb(*, …, by)"


RECORDS = (
    "audit.record",
    "flow.insert(",
    "flow.start(",
    "flow.send(",
    "_record(",
    "edit.finish",
    "finish(",
    "jobs.submit",
    "jobs.cancel_job",
    "jobs.retry_job",
)


def test_every_verb_leaves_an_event():
    """Each verb, or a function of its module that it calls, records what it did."""
    silent = []
    for name, verb in verbs():
        module = inspect.getmodule(inspect.unwrap(verb))
        seen, todo = set(), [inspect.unwrap(verb)]
        text = ""
        while todo:
            function = todo.pop()
            if function in seen:
                continue
            seen.add(function)
            body = inspect.getsource(function)
            text += body
            todo += [
                inspect.unwrap(f)
                for called in re.findall(r"\b([a-z_]+)\(", body)
                if inspect.isfunction(f := getattr(module, called, None))
            ]
        if not any(call in text for call in RECORDS):
            silent.append(name)
    assert not silent


def test_services_know_no_requests():
    for path in sources("services.py", "services/*.py"):
        assert "HttpRequest" not in path.read_text(), short(path)


# -- templates ------------------------------------------------------------------------------------------------------------------------


def used_templates() -> set[str]:
    """Names quoted in Python or templates; `"x.html#part"` and Django's own names count."""
    text = "\n".join(p.read_text() for p in [*sources(), *templates()])
    return set(re.findall(r"""["']([\w./-]+\.html)(?:#\w+)?["']""", text))


def test_no_template_is_unused():
    by_convention = {"400.html", "403.html", "404.html", "500.html"}
    names = {str(p.relative_to(ROOT / "templates")) for p in templates()}
    overriding = {n for n in names if n.startswith("django/")}
    unused = names - used_templates() - by_convention - overriding
    assert not unused


def test_no_template_is_missing():
    missing = {
        n
        for n in used_templates()
        if "/" in n and not (ROOT / "templates" / n).exists() and not n.startswith("django/")
    }
    assert not missing


@pytest.mark.parametrize("path", templates(), ids=short)
def test_a_comment_of_a_template_ends_on_its_line(path):
    """One that goes on is text on the page."""
    assert [line for line in path.read_text().splitlines() if "{#" in line and "#}" not in line] == []


@pytest.mark.parametrize("path", templates(), ids=short)
def test_a_template_compiles_and_loads_only_what_it_uses(path):
    text = path.read_text()
    engines["django"].from_string(text)
    needs = {
        "i18n": r"{%\s*(translate|blocktranslate|trans|blocktrans|get_current_language|get_available_languages|get_language_info|language)\b",
        "static": r"{%\s*(static|get_static_prefix)\b|\|static",
        "partials": r"{%\s*(partialdef|partial|startpartial)\b",
        "humanize": r"\|(intcomma|naturaltime|naturalday|intword|apnumber|ordinal)",
        "l10n": r"\|(localize|unlocalize)|{%\s*localize",
        "django_htmx": r"{%\s*(htmx_script|django_htmx_script)\b",
        "tz": r"{%\s*(localtime|timezone)|\|(localtime|timezone|utc)",
    }
    for loaded in re.findall(r"{%\s*load\s+([^%]+?)\s*%}", text):
        for library in loaded.split(" from ")[-1].split():
            assert library in needs, f"{library}: say here what it brings"
            assert re.search(needs[library], text), f"{library} is loaded and not used"


@pytest.mark.parametrize("path", templates(), ids=short)
def test_a_template_holds_nothing_the_content_policy_refuses(path):
    text = path.read_text()
    if path.parts[-2] != "pdf":
        assert not re.search(r"\sstyle\s*=", text), "style attribute"
        assert not re.search(r"<style\b", text), "style element"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "event handler attribute"
    assert "hx-on" not in text
    assert "javascript:" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "inline script"
    assert not re.search(r"(src|href)=[\"'](https?:)?//", text), "something from elsewhere"


CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("path", templates(), ids=short)
def test_chinese_in_a_template_is_translatable(path):
    if path.parts[-2] in ("dev", "pdf"):  # the gallery is for developers; a booklet is printed in Chinese
        return
    text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|<!--.*?-->", "", path.read_text(), flags=re.S)
    text = re.sub(
        r"(<[^>]*\blang=\"zh-hans\"[^>]*>).*?</", r"\1</", text, flags=re.S
    )  # the language switch names itself
    text = re.sub(r"{%\s*blocktranslate.*?endblocktranslate\s*%}", "", text, flags=re.S)
    text = re.sub(r"{%\s*translate\s+(\"[^\"]*\"|'[^']*').*?%}", "", text, flags=re.S)
    text = re.sub(r"_\((\"[^\"]*\"|'[^']*')\)", "", text)
    left = re.sub(
        r"{%\s*(?:page_head|card|tag|note|empty|loading|progress|nopermission|pair|pairblock|bars|timeline|photo|tabs|steps)\b.*?%}",
        "",
        text,
        flags=re.S,
    )
    assert not CHINESE.search(left), [line.strip() for line in left.splitlines() if CHINESE.search(line)][:5]


# -- words --------------------------------------------------------------------------------------------------------------------------


def avoided_words() -> dict[str, str]:
    """{word: the one we use} from the last column of the glossary."""
    found = {}
    for line in (ROOT / "docs" / "glossary.md").read_text().splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[0] not in ("in code", "---"):
            found |= {word.strip(): cells[0] for word in cells[3].split(",") if word.strip()}
    return found


# A word we avoid for a thing may be the right word for another one: where, and for what.
ANOTHER_THING = {
    ("family", "households/people.py"), ("family", "households/demo.py"),  # the invented people, before they are a household
    ("family", "exchange/"), ("family", "tests/"), ("family", "templates/exchange/"),  # a family of headings
    ("family", "common/"), ("family", "households/codelists.py"), ("family", "households/values.py"),  # fonts; transfer.family_planning
    ("archive", "reports/"), ("archive", "common/"), ("archive", "regions/loading.py"),  # a zip or tar file
    ("trip", "common/pages.py"),  # to the database and back
}  # fmt: skip


def test_avoided_words_are_not_in_code_or_templates():
    words = avoided_words()
    assert words, "the glossary has a last column"
    found = []
    for path in [*sources(), *templates()]:
        for line in path.read_text().splitlines():
            for word, ours in words.items():
                if re.search(rf"(?<![a-z]){word}(?![a-z])", line, re.I) and not any(
                    w == word and short(path).startswith(where) for w, where in ANOTHER_THING
                ):
                    found.append(f"{short(path)}: {word} (we say {ours}): {line.strip()[:70]}")
    assert not found, "\n".join(found)


def test_no_blank_stands_between_two_sentences():
    """A full-width stop brings its own; sentences that need one in English are paragraphs of their own."""
    found = []
    for path in templates():
        text = re.sub(r"{#.*?#}", "", path.read_text())
        text = re.sub(r"{% translate [\"'](.*?)[\"'] %}", r"\1", text)
        text = re.sub(r"{% (?:end)?blocktranslate[^%]*%}", "", text)
        text = re.sub(r"{% (?:if|elif|else|endif|for|endfor|with|endwith)\b[^%]*%}", "\x01", text)
        found += [
            f"{short(path)}: {m.group()}" for m in re.finditer("。\x01*[ \n]+[\\s\x01]*[\u4e00-\u9fff]\\S*", text)
        ]
    assert not found, "\n".join(found)


# -- the catalogue ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def messages(tmp_path_factory) -> set[str]:
    """Every msgid of code and templates, read the way makemessages reads them."""
    found: set[str] = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="_" | "gettext" | "gettext_lazy"), args=[ast.Constant(value=str(text)), *_]
                ):
                    found.add(text)
                case ast.Call(func=ast.Name(id="ngettext" | "ngettext_lazy"), args=[ast.Constant(value=str(text)), *_]):
                    found.add(text)
    for path in templates():
        if path.parts[-2] in ("dev", "pdf"):
            continue
        text = path.read_text()
        found |= {a or b for a, b in re.findall(r"{%\s*translate\s+(?:\"([^\"]*)\"|'([^']*)')", text)}
        found |= {a or b for a, b in re.findall(r"\b_\((?:\"([^\"]*)\"|'([^']*)')\)", text)}
        for options, body in re.findall(r"{%\s*blocktranslate\b([^%]*)%}(.*?){%\s*endblocktranslate", text, re.S):
            body = body.split("{%")[0]
            body = re.sub(r"{{\s*(\w+)\s*}}", r"%(\1)s", body)
            found.add(" ".join(line.strip() for line in body.strip().splitlines()) if "trimmed" in options else body)
    return {text for text in found if text.strip()}


def test_every_message_has_an_english_translation(messages):
    path = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
    catalogue = pofile.read_po(io.BytesIO(path.read_bytes())) if path.exists() else []
    translated = {
        (m.id[0] if isinstance(m.id, tuple) else m.id): m
        for m in catalogue
        if m.id and m.string and not m.fuzzy and all([m.string])
    }
    missing = sorted(messages - set(translated))
    assert not missing, f"{len(missing)} messages without English: " + " | ".join(missing[:60])


def test_translations_keep_the_places_of_values():
    path = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
    wrong = []
    for message in pofile.read_po(io.BytesIO(path.read_bytes())) if path.exists() else []:
        if isinstance(message.id, str) and message.string:
            places = [sorted(re.findall(r"%\((\w+)\)", text)) for text in (message.id, message.string)]
            if places[0] != places[1]:
                wrong.append(message.id)
    assert not wrong


# -- writings -------------------------------------------------------------------------------------------------------------------------


def test_the_page_of_permissions_is_true():
    out = io.StringIO()
    call_command("permissions_doc", "--print", stdout=out)
    assert (ROOT / "docs" / "permissions.md").read_text() == out.getvalue(), "run ./run manage permissions_doc"


def test_every_module_says_why_it_exists():
    bare = [
        short(p)
        for p in sources()
        if p.read_text().strip()
        and not ast.get_docstring(ast.parse(p.read_text()))
        and p.name not in ("apps.py", "urls.py")
    ]
    assert not bare


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "adr"
    index = "\n".join(
        p.read_text()
        for p in [*folder.glob("README.md"), *folder.glob("index.md"), ROOT / "ARCHITECTURE.md"]
        if p.exists()
    )
    missing = [p.name for p in folder.glob("[0-9]*.md") if p.name not in index]
    assert not missing


def test_no_path_of_the_machine_at_hand_is_committed():
    """What was written here must read the same on every other machine."""
    here = (f"{ROOT}/", f"{Path.home()}/")
    found = [
        f"{short(p)}: {path}"
        for p in [*sources(), *templates(), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
        for path in here
        if path in p.read_text()
    ]
    assert not found
