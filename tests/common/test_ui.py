"""The components as pages see them: what is written, what is said to a screen reader, what happens when something is missing."""

import datetime as dt
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.utils import timezone

from common.forms import CountInput, IdCardField, MoneyField
from common.icons import PATHS


def draw(source, **context):
    return Template(source).render(Context(context))


class SampleForm(forms.Form):
    name = forms.CharField(label="姓名", help_text="按证件写")
    number = IdCardField(label="身份证号", required=False, birthday="id_birthday")
    wage = MoneyField(label="工资性收入", required=False, last=Decimal(18000), unit="元 / 年")
    area = forms.DecimalField(label="面积", required=False, widget=CountInput(unit="平方米", decimal=True))
    proofs = forms.MultipleChoiceField(
        label="凭证", choices=[("a", "流水"), ("b", "合同")], widget=forms.CheckboxSelectMultiple
    )


def test_a_state_has_a_word_and_a_mark():
    assert "✓ 达标" in draw('{% tag "达标" "green" %}')
    assert "! C 级" in draw('{% tag "C 级" "red" %}')
    assert ">脱贫不稳定户<" in draw('{% tag "脱贫不稳定户" "k1" %}')
    with pytest.raises(ValueError, match="No tone"):
        draw('{% tag "x" "purple" %}')


def test_every_icon_draws_and_is_silent_unless_named():
    for name in PATHS:
        assert 'aria-hidden="true"' in draw("{% icon name %}", name=name)
    assert 'role="img" aria-label="超期"' in draw('{% icon "alert" label="超期" %}')


def test_values_are_escaped_everywhere():
    evil = "<b>王</b>"
    for source in (
        "{% tag text %}",
        "{% pair text text %}",
        "{% page_head text sub=text %}{% endpage_head %}",
        "{% card title=text %}{{ text }}{% endcard %}",
        "{% note title=text %}{{ text }}{% endnote %}",
        "{% nothing text hint=text %}",
        "{% diff rows %}",
        "{% timeline entries %}",
        "{% crumbs trail %}",
    ):
        html = draw(
            source,
            text=evil,
            rows=[{"label": evil, "old": evil, "new": evil}],
            entries=[{"title": evil, "text": evil}],
            trail=[(evil, "")],
        )
        assert evil not in html
        assert "&lt;b&gt;王" in html


def test_what_is_unknown_says_so():
    assert "未填" in draw('{% pair "建造年份" none %}', none=None)
    assert "0 平方米" in draw('{% pair "面积" 0 unit="平方米" %}')
    html = draw(
        "{% diff rows %}",
        rows=[{"label": "电话", "old": "", "new": "138****0000"}, {"label": "备注", "old": "旧", "new": None}],
    )
    assert "（空）" in html
    assert "（清空）" in html


def test_bars_start_at_zero_and_the_longest_fills():
    html = draw("{% bars rows unit='元' %}", rows=[{"label": "2025", "value": 50}, {"label": "2026", "value": 200}])
    assert 'width="25.00"' in html
    assert 'width="100.00"' in html
    assert "200 元" in html
    assert 'width="0"' in draw("{% bars rows %}", rows=[{"label": "2025", "value": 0}])


def test_progress_asks_again_only_while_open():
    running = draw("{% progress 34 text='导入' url='/jobs/1/' %}")
    assert 'hx-get="/jobs/1/"' in running
    assert "34%" in running
    assert "hx-get" not in draw("{% progress 100 text='导入' url='/jobs/1/' state='done' %}")
    assert "没有完成" in draw("{% progress 5 text='导入' state='failed' %}")


def test_pager_shows_only_the_pages_there_are():
    assert draw("{% pager %}").strip() == ""
    html = draw("{% pager next='?after=9' target='#results' %}")
    assert "下一页" in html
    assert "上一页" not in html
    assert 'hx-target="#results"' in html


def test_field_order_is_label_hint_error_control():
    html = str(SampleForm({"name": ""})["name"].as_field_group())
    places = [html.index(part) for part in ("<label", "按证件写", 'class="err"', "<input")]
    assert places == sorted(places)
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_error"' in html


def test_optional_fields_say_so():
    assert "（可不填）" in str(SampleForm()["wage"].as_field_group())
    assert "（可不填）" not in str(SampleForm()["name"].as_field_group())


def test_money_field_carries_reading_unit_and_last_year():
    html = str(SampleForm(initial={"wage": Decimal("180000")})["wage"].as_field_group())
    assert "<money-field" in html
    assert 'value="180,000"' in html
    assert 'data-last="18000"' in html
    assert "元 / 年" in html
    assert 'aria-describedby="id_wage_read"' in html


@pytest.mark.parametrize(
    ("typed", "sum_"), [("12,000", 12000), ("１２０００", 12000), ("8 420.35元", "8420.35"), ("", None)]
)
def test_money_field_takes_what_people_type(typed, sum_):
    form = SampleForm({"name": "王", "wage": typed, "proofs": ["a"]})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["wage"] == (None if sum_ is None else Decimal(sum_))


def test_an_untouched_sum_is_no_change():
    form = SampleForm(
        {"name": "王", "wage": "180,000", "proofs": ["a"]},
        initial={"name": "王", "wage": Decimal("180000"), "proofs": ["a"]},
    )
    assert not form.has_changed()


def test_words_are_no_sum():
    assert SampleForm({"name": "王", "wage": "十八万", "proofs": ["a"]}).errors["wage"] == ["请写成数字，例如 12,000。"]


def test_identity_number_is_tidied_but_not_judged():
    form = SampleForm({"name": "王", "number": " １１０１０５１９４９１２３１００２x ", "proofs": ["a"]})
    assert form.is_valid()
    assert form.cleaned_data["number"] == "11010519491231002X"


def test_tiles_have_a_legend_and_a_label_each():
    html = str(SampleForm()["proofs"].as_field_group())
    assert "<fieldset" in html
    assert "<legend>凭证" in html
    assert html.count("<label for=") == 2


def test_error_summary_links_to_each_field():
    form = SampleForm({"name": "", "wage": "x"})
    form.add_error(None, "这户已经填过收入。")
    html = draw("{% error_summary form %}", form=form)
    assert 'href="#id_name"' in html
    assert 'href="#id_proofs_0"' in html
    assert "这户已经填过收入。" in html
    assert draw("{% error_summary form %}", form=SampleForm()) == ""


def test_error_summary_reads_formsets():
    formset = forms.formset_factory(SampleForm, extra=0)
    data = {
        "form-TOTAL_FORMS": "2",
        "form-INITIAL_FORMS": "2",
        "form-0-name": "王",
        "form-0-proofs": ["a"],
        "form-1-name": "",
    }
    html = draw("{% error_summary rows %}", rows=formset(data))
    assert 'href="#id_form-1-name"' in html
    assert "form-0-" not in html


@pytest.mark.parametrize(
    ("value", "shown"), [(1234, "1,234"), (Decimal("1234.5"), "1,234.50"), (0, "0"), (None, "—"), ("", "—"), (-5, "-5")]
)
def test_money_filter(value, shown):
    assert draw("{{ value|money }}", value=value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [("11010519491231002X", "1101**********002X"), ("13800000000", "138****0000"), ("", ""), (None, "")],
)
def test_masked_filter(value, shown):
    assert draw("{{ value|masked }}", value=value) == shown


def test_dates_are_written_in_chinese_and_local_time():
    moment = dt.datetime(2026, 11, 21, 18, 5, tzinfo=dt.UTC)
    assert draw("{{ value|cndate }}", value=dt.date(2026, 3, 5)) == "2026年3月5日"
    with timezone.override("Asia/Shanghai"):
        assert draw("{{ value|cndate:'time' }}", value=moment) == "2026年11月22日 02:05"
    assert draw("{{ value|cndate }}", value=None) == "—"


def test_age_counts_full_years():
    born = dt.date(2008, 2, 29)
    assert draw("{{ born|age:day }}", born=born, day=dt.date(2026, 2, 28)) == "17"
    assert draw("{{ born|age:day }}", born=born, day=dt.date(2026, 3, 1)) == "18"
    assert draw("{{ born|age }}", born=None) == "—"
