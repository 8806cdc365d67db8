"""Forms from XLSForm workbooks: what the subset says, and a sentence with its row for everything else."""

from __future__ import annotations

import io

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from surveys import definitions, xlsform
from surveys.rules import Names, Person, Scope, check_rule, evaluate, holds
from surveys.xlsform import ExpressionError, Known, XlsFormError, broken, parse
from tests.surveys.sheets import HEAD, asked, book, questions

TYPES = {"a": "integer", "b": "decimal", "yes": "yesno", "many": "choices", "one": "choice"}


def said(data: bytes) -> list[str]:
    with pytest.raises(XlsFormError) as refused:
        xlsform.read(data)
    return refused.value.sentences


def form(*rows, **more):
    return xlsform.read(book(questions(*rows), **more))


# -- expressions ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("${a} > 5", {">": [{"var": "a"}, 5]}),
        ("${A}>=5.5", {">=": [{"var": "a"}, 5.5]}),
        ("5 < ${ a }", {"<": [5, {"var": "a"}]}),
        ("${a} = 5", {"==": [{"var": "a"}, 5]}),
        ("${a} != 5", {"!": {"==": [{"var": "a"}, 5]}}),
        ("${one} = 'x'", {"==": [{"var": "one"}, "x"]}),
        ('${one} = "x"', {"==": [{"var": "one"}, "x"]}),
        ("${a} = ''", {"blank": {"var": "a"}}),
        ("${a} != ''", {"!": {"blank": {"var": "a"}}}),
        ("'' = ${a}", {"blank": {"var": "a"}}),
        ("${yes} = 'yes'", {"==": [{"var": "yes"}, True]}),
        ("'no' = ${yes}", {"==": [False, {"var": "yes"}]}),
        ("${yes} = true()", {"==": [{"var": "yes"}, True]}),
        ("selected(${many}, 'x')", {"in": ["x", {"var": "many"}]}),
        ("selected(${one}, 'x')", {"==": [{"var": "one"}, "x"]}),
        ("not(${a} > 5)", {"!": {">": [{"var": "a"}, 5]}}),
        ("${a} > 1 and ${b} > 2 and ${a} < 9", {"and": [{">": [{"var": "a"}, 1]}, {">": [{"var": "b"}, 2]}, {"<": [{"var": "a"}, 9]}]}),
        ("${a} > 1 or ${b} > 2 and ${a} < 9", {"or": [{">": [{"var": "a"}, 1]}, {"and": [{">": [{"var": "b"}, 2]}, {"<": [{"var": "a"}, 9]}]}]}),
        ("(${a} > 1 or ${b} > 2) and ${a} < 9", {"and": [{"or": [{">": [{"var": "a"}, 1]}, {">": [{"var": "b"}, 2]}]}, {"<": [{"var": "a"}, 9]}]}),
        ("${a} + 2 * ${b} - 1 > 0", {">": [{"-": [{"+": [{"var": "a"}, {"*": [2, {"var": "b"}]}]}, 1]}, 0]}),
        ("${a} div 2 > -1", {">": [{"/": [{"var": "a"}, 2]}, {"-": [1]}]}),
        (". <= 100", {"<=": [{"var": "a"}, 100]}),
        ("${last.a} > 0", {">": [{"var": "last.a"}, 0]}),
        ("${age} >= 16", {">=": [{"var": "age"}, 16]}),
    ],
)  # fmt: skip
def test_an_expression_says_its_rule(text, rule):
    assert parse(text, Known(TYPES, "a")) == rule


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("count-selected(${many}) > 2", "不支持函数 count-selected()"),
        ("today() > '2026-01-01'", "不支持函数 today()"),
        ("if(${a} > 1, 2, 3)", "不支持函数 if()"),
        ("${a} mod 2 = 0", "表达式在“mod”处不完整或多了内容"),
        ("${a} >", "表达式不完整"),
        ("", "表达式不完整"),
        ("(${a} > 1", "表达式缺少“)”"),
        ("${a} > 1)", "表达式在“)”处不完整或多了内容"),
        ("1 < ${a} < 5", "不能连续比较，请用 and 连接"),
        ("${a} > 1 && ${b} > 2", "看不懂表达式里的“&& ${b} > 2”"),
        ("/data/a > 1", "看不懂表达式里的“/data/a > 1”"),
        ("${a", "看不懂表达式里的“${a”"),
        ("'x", "看不懂表达式里的“'x”"),
        ("x > 1", "看不懂表达式里的“x”"),
        ("${many} = 'x'", "多选题不能直接比较，请用 selected()"),
        ("${yes} = 'maybe'", "是否题只能和 yes 或 no 比较"),
        ("selected('x', ${many})", "selected() 里应是 ${题目} 和带引号的选项"),
        ("selected(${many})", "selected() 里应是 ${题目} 和带引号的选项"),
        ("not()", "not() 的参数个数不对"),
        ("true(1)", "true() 的参数个数不对"),
        ("(" * 30 + "1" + ")" * 30, "表达式的括号套得太深"),
        ("-" * 30 + "1", "表达式的括号套得太深"),
        ("1 + " * 300 + "1", "表达式超过 1000 个字符"),
    ],
)
def test_what_the_subset_does_not_cover_is_said(text, says):
    with pytest.raises(ExpressionError, match=".") as refused:
        parse(text, Known(TYPES, "a"))
    assert str(refused.value) == says


def test_the_own_value_needs_a_field():
    with pytest.raises(ExpressionError, match="只能用在 constraint 和 warning 里"):
        parse(". > 1", Known(TYPES))


pieces = st.lists(
    st.sampled_from(["${a}", "${b}", "${yes}", "${many}", "${one}", ".", "'x'", "'yes'", "''", "5", "2.5", "=", "!=", "<", "<=", ">", ">=", "and",
                     "or", "not(", "selected(", ")", "(", ",", "+", "-", "*", "div", "true()", "count(", "${", "&", "mod", " "]),
    max_size=14,
).map(" ".join)  # fmt: skip
NAMES = Names(frozenset(TYPES))


@given(st.one_of(st.text(max_size=30), pieces))
def test_any_text_is_a_sound_rule_or_refused_with_a_sentence(text):
    rule, says = None, ""
    try:
        rule = parse(text, Known(TYPES, "a"))
    except ExpressionError as error:
        says = str(error)
    assert says or rule is not None
    if not says and not check_rule(rule, NAMES):
        values = {"a": 3, "b": "1.5", "yes": True, "many": ["x"], "one": "x"}
        for scope in (Scope(), Scope(values)):
            evaluate(rule, scope)
            evaluate(broken(rule), scope)


@given(pieces)
def test_a_constraint_is_never_met_and_broken_at_once(text):
    try:
        rule = parse(text, Known(TYPES, "a"))
    except ExpressionError:
        return
    if not check_rule(rule, NAMES):
        for values in ({}, {"a": 3}, {"a": 3, "b": "1.5", "yes": True, "many": ["x"], "one": "x"}):
            assert not (holds(rule, Scope(values)) and holds(broken(rule), Scope(values)))


def test_a_constraint_that_cannot_be_told_is_not_broken():
    rule = broken(parse(". < ${b} and . > 1", Known(TYPES, "a")))
    assert not holds(rule, Scope({"a": 5}))  # b is not known
    assert holds(rule, Scope({"a": 5, "b": "4"}))
    assert holds(rule, Scope({"a": 1}))


# -- workbooks ------------------------------------------------------------------------------------------------------------------


def test_the_sample_is_a_sound_form():
    read = xlsform.read(xlsform.sample())
    assert definitions.problems(read) == []
    form = definitions.Definition.of(read)
    assert str(form) == "county-cattle@2026.1"
    assert [(step.id, step.repeat) for step in form.steps] == [("dwelling", False), ("member", True)]
    assert form.field("livestock").type == "money"
    assert form.field("has_cattle").type == "yesno"
    assert form.field("cattle").show == {"==": [{"var": "has_cattle"}, True]}
    assert form.field("m/skills").choices[0] == ("weld", "电焊")
    assert form.field("dwelling_grade").list == "dwelling_grade"
    area = form.field("dwelling_area")
    assert (area.last, area.required, area.unit, area.writes) == (True, True, "㎡", "year.dwelling_area")
    assert holds(area.hard[0].rule, Scope({"dwelling_area": "2001"}))
    assert not holds(area.hard[0].rule, Scope({"dwelling_area": "2000"}))
    assert not holds(area.hard[0].rule, Scope())
    assert holds(area.soft[0].rule, Scope({"dwelling_area": "100"}, last={"dwelling_area": "30"}))
    assert not holds(area.soft[0].rule, Scope({"dwelling_area": "100"}))
    assert holds(form.field("m/skill_other").show, Scope(members=[Person("m", {"skills": ["other"]})], member="m"))


def test_types_become_those_of_the_ledger():
    read = form(
        asked(name="t1", type="text"), asked(name="t2", type="text", appearance="multiline"), asked(name="t3", type="text", writes="household.phone"),
        asked(name="t4", type="decimal", writes="income.wage.other"), asked(name="t5", type="note"), asked(name="t6", type="image", writes="photo.dwelling"),
        asked(name="t7", type="image", appearance="signature"), asked(name="t8", type="select_one yes_no"), asked(name="t9", type="date"),
        asked(name="T10", type="select_multiple cause", writes="year.other_causes"), asked(name="t11", type="select_one own"),
        asked(name="t12", type="integer", required="${t1} = 'x'"),
        choices=[["list_name", "name", "label"], ["own", 1, "甲"], ["own", 2, "乙"]],
    )  # fmt: skip
    fields = read["steps"][0]["fields"]
    assert [one["type"] for one in fields] == [
        "text", "note", "phone", "money", "info", "photo", "signature", "yesno", "date", "choices", "choice", "integer",
    ]  # fmt: skip
    assert fields[9]["id"] == "t10"
    assert fields[10]["choices"] == [["1", "甲"], ["2", "乙"]]
    assert fields[11]["required"] == {"==": [{"var": "t1"}, "x"]}


def test_groups_within_the_member_repeat_are_steps_and_their_condition_is_each_member_s():
    survey = [
        HEAD, ["begin repeat", "member", "成员", "", "", "${n} > 0"], ["begin group", "who", "是谁"], ["text", "name", "姓名", "", "yes", "", "", "", "member.name"],
        ["select_one relation", "relation", "关系", "", "yes", "", "", "", "member.relation"], ["date", "born", "生日", "", "", "", "", "", "member.birth_date"],
        ["end group"], ["begin group", "work", "务工", "", "", "${age} >= 16"], ["integer", "months", "月数", "", "", "${relation} != '01'"],
        ["end group"], ["end repeat"], ["begin group", "house", "户"], ["integer", "n", "人数"], ["end group"],
    ]  # fmt: skip
    steps = xlsform.read(book(survey))["steps"]
    assert [(step["id"], step.get("repeat"), "show" in step) for step in steps] == [
        ("who", "member", True),
        ("work", "member", True),
        ("house", None, False),
    ]
    assert steps[1]["fields"][0]["show"] == {
        "and": [{">=": [{"var": "age"}, 16]}, {"!": {"==": [{"var": "relation"}, "01"]}}]
    }


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"type": "geopoint"}, "survey 第 3 行：不支持类型“geopoint”。"),
        ({"type": "calculate"}, "survey 第 3 行：不支持类型“calculate”。"),
        ({"type": "integer x"}, "survey 第 3 行：不支持类型“integer x”。"),
        ({"type": ""}, "survey 第 3 行：没有填 type。"),
        ({"type": "select_one nothing"}, "survey 第 3 行：choices 表里没有列表“nothing”，也没有这个官方代码表。"),
        ({"name": ""}, "survey 第 3 行：name 应以字母开头，由字母、数字和 _ 组成，最多 40 个字符。"),
        ({"name": "存栏"}, "survey 第 3 行：name 应以字母开头，由字母、数字和 _ 组成，最多 40 个字符。"),
        ({"name": "age"}, "survey 第 3 行：name“age”是保留的名称，请换一个。"),
        ({"label": ""}, "survey 第 3 行：问题应有 1 至 200 字。"),
        ({"relevant": "${nobody} > 1"}, "survey 第 3 行：relevant 里的 ${nobody} 不是表里的题目。"),
        ({"relevant": "count(1)"}, "survey 第 3 行：relevant 不支持函数 count()。"),
        ({"relevant": ". > 1"}, "survey 第 3 行：relevant “.”只能用在 constraint 和 warning 里。"),
        ({"relevant": "${age} > 1"}, "survey 第 3 行：show “age”是成员的栏目，在这里不能用。"),
        ({"relevant": "${cattle} > 1"}, "survey：显示条件互相依赖，绕成了圈：存栏。"),
        ({"constraint": ". >"}, "survey 第 3 行：constraint 表达式不完整。"),
        ({"constraint_message": "不行"}, "survey 第 3 行：有 constraint_message，没有 constraint。"),
        ({"required": "maybe"}, "survey 第 3 行：required 看不懂表达式里的“maybe”。"),
        ({"last": "maybe"}, "survey 第 3 行：last 只能填 yes 或 no。"),
        ({"last": "yes"}, "survey 第 3 行：不写入台账的栏目没有去年的值。"),
        ({"writes": "year.nothing"}, "survey 第 3 行：台账里没有“year.nothing”，或它不由调查填写。"),
        ({"writes": "year.fuel"}, "survey 第 3 行：“year.fuel”与类型“integer”不符。"),
        ({"appearance": "minimal"}, "survey 第 3 行：不支持 appearance“minimal”。"),
        ({"hint": "=1+1"}, "survey 第 3 行：hint 列的公式没有结果，请改成文字。"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_with_its_row(change, says):
    assert says in said(book(questions(asked(**change))))


def test_every_sentence_comes_at_once():
    found = said(book(questions(asked(type="geopoint"), asked(name="a", relevant="x"), asked(name="b", label=""))))
    assert [one.split("：")[0] for one in found] == [
        "survey 第 3 行",
        "survey 第 4 行",
    ]  # a missing label is found when the rest is right
    assert len(said(book(questions(*[asked(name=f"q{n}", type="geopoint") for n in range(80)])))) == 50


@pytest.mark.parametrize(
    ("survey", "says"),
    [
        ([HEAD, ["integer", "a", "甲"]], "survey 第 2 行：题目不在任何分组里，请放进 begin group 和 end group 之间。"),
        ([HEAD, ["begin group", "g", "组"], ["integer", "a", "甲"]], "survey 第 2 行：这个 begin 没有对应的 end。"),
        ([HEAD, ["begin group", "g", "组"], ["integer", "a", "甲"], ["end repeat"]], "survey 第 4 行：没有与它配对的 begin。"),
        ([HEAD, ["end group"]], "survey 第 2 行：没有与它配对的 begin。"),
        ([HEAD, ["begin group", "g", "组"], ["begin group", "h", "组"]], "survey 第 3 行：分组里不能再套分组，只有 member 重复组里可以分组。"),
        ([HEAD, ["begin group", "g", "组"], ["begin repeat", "member", "组"]], "survey 第 3 行：分组里不能再套分组，只有 member 重复组里可以分组。"),
        ([HEAD, ["begin repeat", "cow", "牛"]], "survey 第 2 行：重复组只能按家庭成员，name 应为 member。"),
        ([HEAD, ["begin group", "g", "组", "", "yes"]], "survey 第 2 行：分组不能填 required。"),
        ([HEAD, ["begin group", "g", ""], ["integer", "a", "甲"], ["end group"]], "survey 第 2 行：标题应有 1 至 60 字。"),
        ([HEAD, ["begin group", "g", "组"], ["end group"]], "survey 表里没有题目。"),
        ([HEAD, ["begin group", "g", "组"], ["integer", "a", "甲"], ["integer", "A", "乙"], ["end group"]], "survey 第 4 行：name“a”和第 3 行重复。"),
        ([["name", "label"]], "survey 表的表头缺少 type 列。"),
        ([[]], "survey 表是空的，请按 XLSForm 的格式填写后再上传。"),
        ([[*HEAD, "calculation"], ["begin group", "g", "组"], ["integer", "a", "甲", *[""] * 10, "1+1"], ["end group"]], "survey 第 3 行：不支持 calculation 列。"),
        ([[*HEAD, "label::English (en)"], ["begin group", "g", "组", *[""] * 10, "Group"]], "survey 第 2 行：不支持 label::english_(en) 列。"),
        ([HEAD, ["begin repeat", "member", "成员"], ["begin group", "g", "组"], ["integer", "a", "甲"], ["end group"], ["integer", "b", "乙"], ["end repeat"]],
         "survey 第 6 行：member 重复组里分了组，这道题也要放进分组里。"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_order_of_rows_is_said(survey, says):
    assert says in said(book(survey))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"settings": [["form_title", "form_id", "version"]]}, "settings 表应正好有一行：form_title、form_id、version。"),
        ({"settings": [["form_title", "form_id"], ["表", "x"]]}, "settings 表的表头缺少 version 列。"),
        ({"settings": [["form_title", "form_id", "version"], ["表", "大表", "1"]]}, "settings 第 2 行：表号应以小写字母开头，由小写字母、数字和 - 组成，最多 40 个字符。"),
        ({"settings": [["form_title", "form_id", "version"], ["表", "x", "第一版"]]}, "settings 第 2 行：版本由字母、数字、. 和 - 组成，最多 20 个字符。"),
        ({"choices": [["list_name", "name", "label"], ["own", "a", "甲"], ["own", "a", "乙"]]}, "choices 第 3 行：选项“a”重复。"),
        ({"choices": [["list_name", "name", "label"], ["own", "", "甲"]]}, "choices 第 2 行：没有填 name。"),
        ({"choices": [["list_name", "name", "label", "county"], ["own", "a", "甲", "x"]]}, "choices 第 2 行：不支持 county 列。"),
        ({"choices": [["list_name", "name"]]}, "choices 表的表头缺少 label 列。"),
        ({"choices": [["list_name", "name", "label"], *[["own", n, "甲"] for n in range(301)]]}, "choices 第 302 行：一个列表最多 300 个选项。"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_other_sheets_is_said(more, says):
    assert says in said(book(questions(asked()), **more))


def test_wrong_choices_are_named_at_the_question_that_uses_them():
    choices = [["list_name", "name", "label"], ["own", "新 能源", "甲"]]
    assert said(book(questions(asked(type="select_one own")), choices)) == [
        "survey 第 3 行：选项代码“新 能源”只能用字母、数字、_、- 和 .，最多 32 个字符。"
    ]


def test_blank_rows_and_unknown_sheets_are_nobody_s_business():
    survey = questions(asked())
    survey.insert(1, [])
    assert xlsform.read(book(survey, 说明=[["写给人看的"]]))["code"] == "extra"


def test_missing_sheets_are_named():
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file, {"in_memory": True})
    made.add_worksheet("Sheet1")
    made.close()
    assert said(file.getvalue()) == ["工作簿里没有名为 survey、settings 的工作表，请按 XLSForm 的格式填写后再上传。"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"PK\x03\x04broken",
        b"%PDF-1.7",
        "类型,名称\n".encode(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    ],
)
def test_what_is_no_workbook_is_refused_with_one_sentence(data):
    found = said(data)
    assert len(found) == 1
    assert found[0].endswith("。")


@pytest.mark.slow
def test_five_thousand_rows_are_too_many():
    found = said(book(questions(*[asked(name=f"q{n}") for n in range(5000)])))
    assert found == ["survey 表超过 1000 行，一张调查表没有这么多题目，请删减后再上传。"]


def test_a_form_may_have_300_questions():
    assert form(*[asked(name=f"q{n}") for n in range(300)])
    assert said(book(questions(*[asked(name=f"q{n}") for n in range(301)]))) == ["survey：栏目超过 300 个。"]


cells = st.one_of(st.sampled_from(["", "begin group", "end group", "begin repeat", "end repeat", "integer", "select_one own", "member", "yes", "${a} > 1", "a", "b"]),
                  st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6))  # fmt: skip


@pytest.mark.slow
@given(st.lists(st.lists(cells, min_size=3, max_size=7), max_size=7))
def test_any_workbook_is_a_sound_form_or_refused_with_sentences(rows):
    rows = [[cell.lstrip("=") for cell in row] for row in rows]
    choices = [["list_name", "name", "label"], ["own", "a", "甲"]]
    said, read = [], None
    try:
        read = xlsform.read(book([HEAD, ["begin group", "g", "组"], *rows], choices))
    except XlsFormError as error:
        said = error.sentences
    assert all(sentence.endswith("。") for sentence in said)
    assert said or definitions.problems(read) == []
