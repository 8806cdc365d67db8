"""A county's own form from an XLSForm workbook: the subset of docs/surveys.md, everything else refused with a sentence that names the row.

Sheets `survey`, `choices`, `settings` as in the XLSForm specification. Columns of our own: `writes` (where the answer goes in the ledger), `last`,
`unit`, `warning` and `warning_message` (an expression that holds for likely answers; where it does not, the surveyor is asked).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from common.spreadsheets import Workbook, WorkbookError, open_workbook
from surveys.definitions import FORBIDDEN_IDS, ID, LISTS, MOST_CHOICES, flaws
from surveys.rules import FACTS

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 1000
MOST_SENTENCES = 50
LONGEST = 1000  # characters of an expression
DEEPEST = 20  # brackets in brackets

SURVEY = ("type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message", "appearance", "writes", "last", "unit",
          "warning", "warning_message")  # fmt: skip
CHOICES = ("list_name", "name", "label")
SETTINGS = ("form_title", "form_id", "version")
TYPES = {"text": "text", "integer": "integer", "decimal": "decimal", "date": "date", "note": "info", "image": "photo"}
YES_NO = frozenset({"yes_no", "yesno"})  # lists that make a question of 是 and 否
BROKEN, UNLIKELY = (
    "填的内容不符合要求，请核对。",
    "填的内容不常见，确定吗？",
)  # what a form says is Chinese wherever it is read
YES, NO = frozenset({"yes", "true", "1", "是"}), frozenset({"no", "false", "0", "否"})


class XlsFormError(Exception):
    """A workbook that is no such form; `sentences` say everything that is wrong, each naming sheet and row."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(sentences[0])
        self.sentences = list(sentences)


class ExpressionError(ValueError):
    """What an expression has that the subset does not; a sentence without a full stop."""


# -- expressions ----------------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | (?P<string>'[^']*'|"[^"]*")
      | \$\{\s*(?P<name>[^}]*?)\s*\}
      | (?P<operator><=|>=|!=|[-=<>+*(),.])
      | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
    )""",
    re.VERBOSE,
)
_COMPARE = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass
class Known:
    """What expressions may name: `types` of the fields by id (`yesno`, `choices` … matter), and the field they stand at."""

    types: Mapping[str, str] = field(default_factory=dict)
    own: str = ""


def parse(text: str, known: Known) -> Any:
    """The rule (docs/surveys.md) that an expression of the subset says. Raises ExpressionError for anything else."""
    if len(text) > LONGEST:
        raise ExpressionError(_("表达式超过 %(most)s 个字符") % {"most": LONGEST})
    return _Parser(text, known).rule()


class _Parser:
    def __init__(self, text: str, known: Known) -> None:
        self.known, self.at, self.depth = known, 0, 0
        self.tokens: list[tuple[str, str]] = []
        place = 0
        text = text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise ExpressionError(_("看不懂表达式里的“%(part)s”") % {"part": text[place : place + 20].strip()})
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()

    def rule(self) -> Any:
        found = self.either()
        if self.at < len(self.tokens):
            raise ExpressionError(_("表达式在“%(part)s”处不完整或多了内容") % {"part": self.tokens[self.at][1]})
        return found

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, kind: str, *texts: str) -> str | None:
        """The next token where it is one of these."""
        found = self.peek()
        if found[0] == kind and found[1] in texts:
            self.at += 1
            return found[1]
        return None

    def need(self, text: str) -> None:
        if not self.take("operator", text):
            raise ExpressionError(_("表达式缺少“%(part)s”") % {"part": text})

    def many(self, operand: Callable[[], Any], kind: str, words: Mapping[str, str]) -> Any:
        """Operands joined by operators of one strength, from the left."""
        found = operand()
        while word := self.take(kind, *words):
            other, operator = operand(), words[word]
            if isinstance(found, dict) and operator in found and operator in ("and", "or"):
                found[operator].append(other)
            else:
                found = {operator: [found, other]}
        return found

    def either(self) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(_("表达式的括号套得太深"))
        found = self.many(self.both, "word", {"or": "or"})
        self.depth -= 1
        return found

    def both(self) -> Any:
        return self.many(self.comparison, "word", {"and": "and"})

    def comparison(self) -> Any:
        left = self.sum()
        word = self.take("operator", *_COMPARE)
        if word is None:
            return left
        found = self.compared(_COMPARE[word], left, self.sum())
        if self.peek()[0] == "operator" and self.peek()[1] in _COMPARE:
            raise ExpressionError(_("不能连续比较，请用 and 连接"))
        return found

    def compared(self, operator: str, left: Any, right: Any) -> Any:
        for one, other in ((left, right), (right, left)):
            kind = self.known.types.get(one["var"]) if isinstance(one, dict) and "var" in one else None
            if kind == "choices" and other != "":
                raise ExpressionError(_("多选题不能直接比较，请用 selected()"))
            if other == "" and operator in ("==", "!="):
                return {"blank": one} if operator == "==" else {"!": {"blank": one}}
            if kind == "yesno" and isinstance(other, str):
                if other.lower() not in YES | NO:
                    raise ExpressionError(_("是否题只能和 yes 或 no 比较"))
                other = other.lower() in YES
                left, right = (one, other) if one is left else (other, one)
                break
        # In XPath a blank is unlike any value, here comparing with it is blank: "not equal" is told by what is equal.
        return {"!": {"==": [left, right]}} if operator == "!=" else {operator: [left, right]}

    def sum(self) -> Any:
        return self.many(self.product, "operator", {"+": "+", "-": "-"})

    def product(self) -> Any:
        found = self.sign()
        while True:
            if self.take("operator", "*"):
                found = {"*": [found, self.sign()]}
            elif self.take("word", "div"):
                found = {"/": [found, self.sign()]}
            else:
                return found

    def sign(self) -> Any:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(_("表达式的括号套得太深"))
        found = {"-": [self.sign()]} if self.take("operator", "-") else self.value()
        self.depth -= 1
        return found

    def value(self) -> Any:
        kind, text = self.peek()
        self.at += 1
        match kind:
            case "number":
                return float(text) if "." in text else int(text)
            case "string":
                return text[1:-1]
            case "name":
                return {"var": name_of(text)}
            case "operator" if text == ".":
                if not self.known.own:
                    raise ExpressionError(_("“.”只能用在 constraint 和 warning 里"))
                return {"var": self.known.own}
            case "operator" if text == "(":
                found = self.either()
                self.need(")")
                return found
            case "word":
                return self.call(text)
        raise ExpressionError(_("表达式在“%(part)s”处不完整或多了内容") % {"part": text} if text else _("表达式不完整"))

    def call(self, name: str) -> Any:
        if not self.take("operator", "("):
            raise ExpressionError(_("看不懂表达式里的“%(part)s”") % {"part": name})
        arguments: list[Any] = []
        while not self.take("operator", ")"):
            if arguments:
                self.need(",")
            arguments.append(self.either())
        match name, arguments:
            case "true", []:
                return True
            case "false", []:
                return False
            case "not", [inner]:
                return {"!": inner}
            case "selected", [{"var": asked}, str() as code]:
                many = self.known.types.get(asked) == "choices"
                return {"in": [code, {"var": asked}]} if many else {"==": [{"var": asked}, code]}
            case "selected", _other:
                raise ExpressionError(_("selected() 里应是 ${题目} 和带引号的选项"))
            case "not" | "true" | "false", _other:
                raise ExpressionError(_("%(name)s() 的参数个数不对") % {"name": name})
        raise ExpressionError(_("不支持函数 %(name)s()") % {"name": name[:40]})


def name_of(text: str) -> str:
    """A name as ids are written: small letters. `last.x` is last year's value of x."""
    return text.strip().lower()


def broken(rule: Any) -> Any:
    """A rule that holds where `rule` is surely not met; where a value is missing, nothing is broken."""
    if isinstance(rule, dict) and len(rule) == 1:
        ((operator, operands),) = rule.items()
        if operator in _OPPOSITE:
            return {_OPPOSITE[operator]: operands}
        if operator in ("and", "or"):
            return {"or" if operator == "and" else "and": [broken(one) for one in operands]}
        if operator == "!":
            return (
                operands if not isinstance(operands, dict) or "blank" not in operands else {"blank": operands["blank"]}
            )
    return {"==": [rule, False]}


# -- the workbook ---------------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """A row of a sheet: its number as the spreadsheet shows it, its cells by column."""

    sheet: str
    number: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass
class _Open:
    """A group or repeat that is not closed yet. `repeat`: its fields are asked of each member."""

    row: Row
    repeat: bool
    show: Any
    step: int  # its place among the steps


def read(data: bytes) -> dict[str, Any]:
    """The definition that a workbook says. Raises XlsFormError with every sentence (at most 50); never anything else."""
    try:
        book = open_workbook(data, max_bytes=MOST_BYTES)
        return _Reader(book).read()
    except WorkbookError as error:
        raise XlsFormError(f"{error}。") from None


class _Reader:
    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.said: list[str] = []
        self.lists: dict[str, list[list[str]]] = {}
        self.steps: list[dict[str, Any]] = []
        self.rows: list[tuple[Row, list[Row]]] = []  # of each step: its own row, those of its fields
        self.types: dict[str, str] = {}

    def say(self, row: Row, what: str) -> None:
        self.said.append(
            _("%(sheet)s 第 %(row)s 行：%(what)s。") % {"sheet": row.sheet, "row": row.number, "what": what}
        )

    def stop(self) -> None:
        if self.said:
            raise XlsFormError(*self.said[:MOST_SENTENCES])

    def read(self) -> dict[str, Any]:
        sheets = {name.strip().lower(): name for name in self.book.sheet_names}
        missing = [name for name in ("survey", "settings") if name not in sheets]
        if missing:
            raise XlsFormError(
                _("工作簿里没有名为 %(sheets)s 的工作表，请按 XLSForm 的格式填写后再上传。")
                % {"sheets": _("、").join(missing)}
            )
        survey = list(self.table("survey", sheets["survey"], SURVEY, ("type", "name", "label")))
        choices = list(self.table("choices", sheets["choices"], CHOICES, CHOICES)) if "choices" in sheets else []
        settings = list(self.table("settings", sheets["settings"], SETTINGS, SETTINGS))
        self.stop()
        if len(settings) != 1:
            raise XlsFormError(_("settings 表应正好有一行：form_title、form_id、version。"))
        self.read_lists(choices)
        self.read_types(survey)
        self.read_steps(survey)
        self.stop()
        definition = {
            "code": settings[0].get("form_id"), "version": settings[0].get("version"), "title": settings[0].get("form_title"), "steps": self.steps,
        }  # fmt: skip
        self.check(definition, settings[0])
        self.stop()
        return definition

    def table(self, sheet: str, name: str, known: tuple[str, ...], needed: tuple[str, ...]) -> Iterator[Row]:
        """Rows below the headings that are not blank."""
        columns: dict[int, str] = {}
        count = 0
        for number, cells in self.book.rows(name):
            texts = [str(cell).strip() for cell in cells]
            if not any(texts) and not any(_unreadable(cell) for cell in cells):
                continue
            if not columns:
                columns = {place: re.sub(r"[\s_]+", "_", text.lower()) for place, text in enumerate(texts) if text}
                if lost := [column for column in needed if column not in columns.values()]:
                    raise XlsFormError(
                        _("%(sheet)s 表的表头缺少 %(columns)s 列。") % {"sheet": sheet, "columns": _("、").join(lost)}
                    )
                continue
            count += 1
            if count > MOST_ROWS:
                raise XlsFormError(
                    _("%(sheet)s 表超过 %(most)s 行，一张调查表没有这么多题目，请删减后再上传。")
                    % {"sheet": sheet, "most": MOST_ROWS}
                )
            yield self.row(Row(sheet, number, {}), columns, cells, texts, known)
        if not columns:
            raise XlsFormError(_("%(sheet)s 表是空的，请按 XLSForm 的格式填写后再上传。") % {"sheet": sheet})

    def row(
        self, row: Row, columns: Mapping[int, str], cells: list[str], texts: list[str], known: tuple[str, ...]
    ) -> Row:
        for place, text in enumerate(texts):
            column = columns.get(place, "")
            if _unreadable(cells[place]):
                self.say(row, _("%(column)s 列的公式没有结果，请改成文字") % {"column": column or place + 1})
            elif text and column not in known:
                self.say(row, _("不支持 %(column)s 列") % {"column": column or place + 1})
            elif text:
                row.cells[column] = text
        return row

    def read_lists(self, rows: list[Row]) -> None:
        for row in rows:
            if lost := [column for column in CHOICES if not row.get(column)]:
                self.say(row, _("没有填 %(columns)s") % {"columns": _("、").join(lost)})
                continue
            options = self.lists.setdefault(row.get("list_name"), [])
            if any(row.get("name") == code for code, _label in options):
                self.say(row, _("选项“%(name)s”重复") % {"name": row.get("name")[:40]})
            elif len(options) >= MOST_CHOICES:
                self.say(row, _("一个列表最多 %(most)s 个选项") % {"most": MOST_CHOICES})
            else:
                options.append([row.get("name"), row.get("label")])

    def read_types(self, rows: list[Row]) -> None:
        """Names and types first: expressions may name what comes later."""
        seen: dict[str, int] = {}
        for row in rows:
            word = row.get("type").split()[0].lower() if row.get("type") else ""
            if word in ("begin", "end") or word.startswith(("begin_", "end_")):
                continue
            name = name_of(row.get("name"))
            if name in seen:
                self.say(row, _("name“%(name)s”和第 %(other)s 行重复") % {"name": name[:40], "other": seen[name]})
            elif name:
                seen[name] = row.number
                self.types[name] = self.kind(row) or ""

    def kind(self, row: Row) -> str | None:
        """The type of a field in a definition; None for what the subset does not cover."""
        word, _blank, rest = row.get("type").partition(" ")
        rest, writes = rest.strip(), row.get("writes")
        match word.lower():
            case "select_one":
                return "yesno" if rest in YES_NO and rest not in self.lists else "choice"
            case "select_multiple":
                return "choices"
            case "text" if writes.endswith((".phone", ".id_number")):
                return writes.rpartition(".")[2]
            case "text" if row.get("appearance") == "multiline":
                return "note"
            case "image" if row.get("appearance") == "signature":
                return "signature"
            case "integer" | "decimal" if writes.startswith("income."):
                return "money"
        return TYPES.get(word.lower()) if not rest else None

    # -- steps ------------------------------------------------------------------------------------------------------------------

    def read_steps(self, rows: list[Row]) -> None:
        open_: list[_Open] = []
        for row in rows:
            word = re.sub(r"\s+", "_", row.get("type").lower())
            match word:
                case "begin_group" | "begin_repeat":
                    self.begin(row, word == "begin_repeat", open_)
                case "end_group" | "end_repeat":
                    if not open_ or open_[-1].repeat is not (word == "end_repeat"):
                        self.say(row, _("没有与它配对的 begin"))
                    else:
                        open_.pop()
                case "":
                    self.say(row, _("没有填 type"))
                case _:
                    self.field(row, open_)
        for one in open_:
            self.say(one.row, _("这个 begin 没有对应的 end"))
        self.steps, self.rows = (
            [step for step in self.steps if step["fields"]],
            [pair for step, pair in zip(self.steps, self.rows, strict=True) if step["fields"]],
        )

    def begin(self, row: Row, repeat: bool, open_: list[_Open]) -> None:
        """A group is a step; a repeat named `member` asks each member, whole as one step or in the groups within it."""
        name = name_of(row.get("name"))
        if repeat and not re.fullmatch(r"members?(_?\d+)?", name):
            self.say(row, _("重复组只能按家庭成员，name 应为 member"))
        if open_ and (repeat or not open_[-1].repeat or len(open_) > 1):
            self.say(row, _("分组里不能再套分组，只有 member 重复组里可以分组"))
        for column in ("required", "constraint", "warning", "writes", "last", "appearance", "hint", "unit"):
            if row.get(column):
                self.say(row, _("分组不能填 %(column)s") % {"column": column})
        show = self.expression(row, "relevant", "")
        inside = open_[-1] if open_ else None
        open_.append(_Open(row, repeat, show, len(self.steps)))
        title = row.get("label") or (inside.row.get("label") if inside else "")
        step: dict[str, Any] = {"id": name, "title": title, "fields": []}
        if repeat or inside:
            step["repeat"] = "member"
        outer = inside.show if inside else show
        if outer is not None:
            step["show"] = outer
        self.steps.append(step)
        self.rows.append((row, []))

    def field(self, row: Row, open_: list[_Open]) -> None:
        kind = self.kind(row)
        if kind is None:
            self.say(row, _("不支持类型“%(type)s”") % {"type": row.get("type")[:40]})
            return
        if not open_:
            self.say(row, _("题目不在任何分组里，请放进 begin group 和 end group 之间"))
            return
        if open_[-1].step != len(self.steps) - 1:
            self.say(row, _("member 重复组里分了组，这道题也要放进分组里"))
            return
        name = name_of(row.get("name"))
        if not ID.match(name):
            self.say(row, _("name 应以字母开头，由字母、数字和 _ 组成，最多 40 个字符"))
            return
        if name in FORBIDDEN_IDS:
            self.say(row, _("name“%(name)s”是保留的名称，请换一个") % {"name": name})
            return
        asked: dict[str, Any] = {"id": name, "type": kind, "label": row.get("label")}
        for column in ("hint", "unit", "writes"):
            if row.get(column):
                asked[column] = row.get(column)
        if row.get("appearance") not in ("", "multiline", "signature"):
            self.say(row, _("不支持 appearance“%(name)s”") % {"name": row.get("appearance")[:40]})
        self.options(row, kind, asked)
        if self.flag(row, "last"):
            asked["last"] = True
        self.conditions(row, name, asked, open_)
        self.steps[-1]["fields"].append(asked)
        self.rows[-1][1].append(row)

    def options(self, row: Row, kind: str, asked: dict[str, Any]) -> None:
        if kind not in ("choice", "choices"):
            return
        name = row.get("type").partition(" ")[2].strip()
        if name in self.lists:
            asked["choices"] = self.lists[name]
        elif name in LISTS:
            asked["list"] = name
        else:
            self.say(row, _("choices 表里没有列表“%(name)s”，也没有这个官方代码表") % {"name": name[:40]})

    def conditions(self, row: Row, name: str, asked: dict[str, Any], open_: list[_Open]) -> None:
        shows = [show for show in (self.inner(open_), self.expression(row, "relevant", "")) if show is not None]
        if shows:
            asked["show"] = shows[0] if len(shows) == 1 else {"and": shows}
        if row.get("required").lower() in YES | {"true()"}:
            asked["required"] = True
        elif row.get("required").lower() not in NO | {"", "false()"}:
            asked["required"] = self.expression(row, "required", "")
        for column, message, key, otherwise in (
            ("constraint", "constraint_message", "hard", BROKEN),
            ("warning", "warning_message", "soft", UNLIKELY),
        ):
            rule = self.expression(row, column, name)
            if rule is not None:
                answered = {"!": {"blank": {"var": name}}}
                asked[key] = [{"if": {"and": [answered, broken(rule)]}, "say": row.get(message) or otherwise}]
            elif row.get(message):
                self.say(row, _("有 %(message)s，没有 %(column)s") % {"message": message, "column": column})

    def inner(self, open_: list[_Open]) -> Any:
        """The condition of a group within the member repeat: it is asked of each member, so each of its fields carries it."""
        return open_[-1].show if len(open_) > 1 else None

    def flag(self, row: Row, column: str) -> bool:
        text = row.get(column).lower()
        if text not in YES | NO | {""}:
            self.say(row, _("%(column)s 只能填 yes 或 no") % {"column": column})
        return text in YES

    def expression(self, row: Row, column: str, own: str) -> Any:
        """The rule of a cell, None for a blank or a wrong one."""
        if not row.get(column):
            return None
        try:
            rule = parse(row.get(column), Known(self.types, own))
        except ExpressionError as error:
            self.say(row, f"{column} {error}")
            return None
        for name in _named(rule):
            plain = name.removeprefix("last.")
            if plain not in self.types and plain not in FACTS and plain != "age":
                self.say(row, _("%(column)s 里的 ${%(name)s} 不是表里的题目") % {"column": column, "name": name[:40]})
                return None
        return rule

    def check(self, definition: dict[str, Any], settings: Row) -> None:
        """What only the whole shows, with the rows that are to blame."""
        if not self.steps:
            raise XlsFormError(_("survey 表里没有题目。"))
        for flaw in flaws(definition):
            if flaw.head:
                self.say(settings, flaw.what)
            elif flaw.step is None:
                self.said.append(f"survey：{flaw.what}。")
            else:
                own, rows = self.rows[flaw.step]
                self.say(own if flaw.field is None else rows[flaw.field], flaw.what)


def _unreadable(cell: str) -> bool:
    """A formula without a result, or an error such as #N/A."""
    return bool(getattr(cell, "uncomputed", False) or getattr(cell, "broken", False))


def _named(rule: Any) -> Iterator[str]:
    if isinstance(rule, dict):
        for operator, operands in rule.items():
            if operator == "var":
                yield operands
            else:
                yield from _named(operands)
    elif isinstance(rule, list):
        for one in rule:
            yield from _named(one)


# -- a workbook to begin with ---------------------------------------------------------------------------------------------------

SAMPLE = {
    "survey": (
        ("type", "name", "label", "hint", "required", "relevant", "constraint", "constraint_message", "warning", "warning_message", "writes", "last",
         "unit"),
        ("begin group", "dwelling", "住房和产业"),
        ("decimal", "dwelling_area", "住房面积", "", "yes", "", ". <= 2000", "住房面积不能超过 2000 ㎡，请核对。", ". <= 3 * ${last.dwelling_area}",
         "是去年的 {x} 倍，确定吗？", "year.dwelling_area", "yes", "㎡"),
        ("select_one dwelling_grade", "dwelling_grade", "房屋安全等级", "", "yes", "", "", "", "", "", "year.dwelling_grade", "yes"),
        ("select_one yes_no", "has_cattle", "养牛"),
        ("integer", "cattle", "存栏", "", "yes", "${has_cattle} = 'yes'", "", "", ". < 200", "超过 200 头，确定吗？", "", "", "头"),
        ("integer", "livestock", "养殖业收入", "全年合计", "", "${has_cattle} = 'yes'", "", "", "", "", "income.business.livestock", "yes", "元"),
        ("image", "cattle_photo", "牛舍照片", "", "", "${cattle} > 0"),
        ("end group",),
        ("begin repeat", "member", "家庭成员"),
        ("text", "name", "姓名", "", "yes", "", "", "", "", "", "member.name"),
        ("select_one relation", "relation", "与户主关系", "", "yes", "", "", "", "", "", "member.relation"),
        ("date", "birth_date", "出生日期", "", "", "", "", "", "", "", "member.birth_date"),
        ("select_multiple skill", "skills", "会的手艺", "可以多选", "", "${age} >= 16"),
        ("text", "skill_other", "别的手艺", "", "", "selected(${skills}, 'other')"),
        ("end repeat",),
    ),
    "choices": (
        ("list_name", "name", "label"), ("skill", "weld", "电焊"), ("skill", "cook", "厨师"), ("skill", "drive", "驾驶"), ("skill", "other", "其他"),
    ),
    "settings": (("form_title", "form_id", "version"), ("养殖户补充调查表", "county-cattle", "2026.1")),
}  # fmt: skip


def sample() -> bytes:
    """A small form as a workbook, with one question of nearly every kind."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#e8eef6", "border": 1})
    for name, rows in SAMPLE.items():
        sheet = book.add_worksheet(name)
        sheet.set_column(0, len(rows[0]) - 1, 18)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row, head if place == 0 else None)
    book.close()
    return file.getvalue()
