"""The blank form, the way to it from a household, and the page where paper sheets are typed in."""

from __future__ import annotations

import functools
import re

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page

from accounts.roles import Permission
from accounts.scoping import require
from common.readonly import read_on_get, reads_only
from households.models import Household
from households.search import Search
from surveys import published, shell
from surveys.models import Survey, SurveyForm

FOUND = 20  # households shown to choose from
UUID_IN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I | re.A)


def words() -> dict[str, str]:
    """Sentences of the form's script. {x} is filled in there. Keys `<code>_<type>` and `<code>` belong to problems of `answers.js`."""
    return {
        # head and steps
        "who": _("{name}户 · "),
        "where": _("{place} · 户编号 {number}"),
        "step": _("第 {n} 步，共 {all} 步"),
        "check": _("核对并提交"),
        "next": _("保存，下一步"),
        "finish": _("完成并提交"),
        "done": _("已填 {n}/{all}"),
        "all_done": _("已填完"),
        "open": _("{n} 处要看"),
        "red": _("{n} 处要改"),
        # keeping
        "saved": _("已存手机 {time}"),
        "saved_online": _("已存服务器 {time}"),
        "unsaved": _("没有存上，会自动再试，请不要关闭这一页。"),
        "elsewhere": _("这份调查正在另一个窗口填写，这里只能看。"),
        "take": _("在这里继续填写"),
        "trouble": _("出了问题，刚才的操作没有完成。已填的内容还在，请再试一次。"),
        "part": _("这一步要用的程序没有取到，已填的内容都在。请检查网络，再试一次。"),
        "retry": _("再试一次"),
        "broken": _("调查表没有打开。请退回上一页再试；多次出现请告诉系统管理员。"),
        "no_choice": _("还没有选择农户。请从“我的调查”或农户台账打开调查表。"),
        "waiting_here": _("这一户的调查已经填完，还没有上传完，不用再填一份。要看或要改，请到“我的调查”。"),
        "no_household": _("这一户不在您的名下，或者这台设备还没有下载它的资料。请联网后再打开。"),
        "unreached": _("网络不通，没有存到服务器。请检查网络，内容还在这一页上。"),
        "signed_out": _("登录已过期。请在新窗口重新登录，再回到这一页继续，内容还在。"),
        "online": _("填写的内容随时存到服务器，请保持网络畅通。"),
        # fields
        "last": _("去年：{value}"),
        "same": _("与去年相同"),
        "as_last": _("已照去年"),
        "all_same": _("空着的 {n} 项都与去年相同"),
        "read": _("读作：{words}"),
        "yuan": _("元"),
        "and": _("、"),
        "day": _("{year}年{month}月{day}日"),
        "from_id": _("由身份证号带出，可以改"),
        "kept": _("已确认没有错：{say}"),
        "returned": _("退回理由：{why}"),
        "photos": _("{n} 张照片"),
        "photo_count": _("（已有 {n} 张，最多 {most} 张）"),
        "photo_drop": _("移除这张照片"),
        "photo_gone": _("照片不在这台设备上"),
        "photo_large": _("这张照片太大，没有加进来。请把相机的照片尺寸调小，或者换一张 20 MB 以内的。"),
        "not_a_photo": _("这个文件不是能用的照片，没有加进来。请重新拍一张，或选一张 JPEG、PNG 照片。"),
        "signed": _("已签名"),
        "unsigned": _("还没有签名"),
        "heads": _("（{n} 人）"),
        "sum": _("纯收入 {net} 元 · 人均 {per_head} 元"),
        # what cannot be
        "type": _("这一项的内容不对，请重新填写。"),
        "type_integer": _("请写成整数，例如 5。"),
        "type_decimal": _("请写成数字，例如 12.5。"),
        "type_money": _("请写成数字，最多两位小数，例如 12,000。"),
        "type_date": _("这个日期不存在，请重新填写。"),
        "list": _("这个选项已不在表里，请重新选择。"),
        "limit": _("数字太大，或小数太多：最多 {most}。"),
        "limit_text": _("字数太多，请写短一些。"),
        "limit_note": _("字数太多，请写短一些。"),
        "limit_choices": _("选得太多，请减少几项。"),
        "date": _("日期不对：不能晚于调查日期，也不能早于 1880 年。"),
        "phone": _("电话号码不对，请核对：手机 11 位，座机带区号。"),
        "id_length": _("身份证号应为 18 位，现在是 {n} 位。"),
        "id_chars": _("身份证号只能有数字，最后一位可以是 X。"),
        "id_day": _("身份证号里的出生日期不对，请对照证件再看一遍。"),
        "id_digit": _("身份证号最后一位对不上，请对照证件再看一遍。"),
        "relation": _("一户只能有一位户主，请核对。"),
        "relation_none": _("还没有户主，请在“与户主关系”里选一位户主。"),
        "same_id": _("两个人的证件号码一样，请核对。"),
        "required": _("还没有填"),
        # members
        "nameless": _("（还没有写姓名）"),
        "age": _("{n} 岁"),
        "new": _("新增"),
        "unadd": _("不增加这个人了"),
        "next_person": _("下一位：{name}"),
        "need_reason": _("请选择原因。"),
        "need_day": _("请填写日期。"),
        "not_future": _("日期不能晚于今天。"),
        "need_join": _("请填写增加原因和日期"),
        "left": _("{name} 已移出：{reason}，{day}"),
        # the last page
        "line": _("{label}：{say}"),
        "of": _("{name} · {label}"),
        "household": _("家庭成员"),
        "problems": _("还不能提交，请先改好下面 {n} 处"),
        "questions": _("还有 {n} 处请再看一眼"),
        "questions_hint": _("没有错也可以直接提交，审核人会看到。"),
        "came": _("新增：{name}"),
        "went": _("移出：{name}"),
        "edit": _("修改"),
        "edit_of": _("修改：{title}"),
        "blank": _("没有填"),
        "done_title": _("{name}户的调查已完成"),
        "done_phone": _("已存在这部手机里，有网络时自动上传。上传后进入待审核。"),
        "done_online": _("已提交，等待审核。"),
        "home": _("回到我的调查"),
        "next_sheet": _("录入下一户"),
    }


def _may_fill(request: HttpRequest) -> None:
    if not request.user.can(Permission.SURVEY_FILL):
        raise PermissionDenied


@functools.lru_cache(maxsize=32)
def _page(digest: str, code: str, version: str, language: str) -> str:
    """A form drawn once for each version, its content and each language: nothing in it belongs to anybody."""
    form = published.named(code, version)
    assert form is not None
    definition = published.definition_of(form)
    context = {
        "form": form,
        "steps": shell.steps_of(definition),
        "definition": definition.expanded(),
        "words": words(),
        "joining": shell.joining(),
        "leaving": shell.leaving(),
    }
    # Indentation is a third of the page.
    return re.sub(r"\s*\n\s*", "\n", render_to_string("surveys/form_shell.html", context))


@gzip_page  # 170 KB of form; there is no secret in it that its length could tell
@cache_control(private=True, no_cache=True)
@reads_only
def form_shell(request: HttpRequest, code: str, version: str) -> HttpResponse:
    """A published form without a word about anybody, for the service worker to keep."""
    _may_fill(request)
    form = published.named(code, version)
    if form is None:
        raise Http404
    return HttpResponse(_page(form.digest, code, version, get_language() or ""))


def _address(household: Household, form: SurveyForm, channel: str = "") -> str:
    """Where the form of a household opens. What stands behind # reaches no server and no log."""
    return (
        reverse("collect:form", args=[form.code, form.version])
        + f"#household={household.uid}"
        + (f"&channel={channel}" if channel else "")
    )


@reads_only
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """From a household's ledger to its survey form."""
    rows = Household.objects.for_user(request.user).select_related("village__parent__parent")
    household = get_object_or_404(rows, pk=pk)
    require(request.user, Permission.SURVEY_FILL, household)
    form = published.current(household.village)
    if form is None or household.is_closed:
        return render(request, "surveys/no_form.html", {"household": household, "closed": household.is_closed})
    return HttpResponseRedirect(_address(household, form))


@read_on_get
def key_in(request: HttpRequest) -> HttpResponse:
    """纸质补录: which household a paper sheet is about, by its number, its QR text or a name; then the form in keyboard mode.

    The search is posted: neither a name nor a number is ever written in an address.
    """
    _may_fill(request)
    text = request.POST.get("q", "").strip() if request.method == "POST" else ""
    found: list[Household] = []
    problem = ""
    if text:
        found, problem = _sheet_of(request, text)
    rows = [
        (household, _address(household, form, "paper"))
        for household in found
        if (form := published.current(household.village))
    ]
    if len(found) == 1 and rows:
        return HttpResponseRedirect(rows[0][1])
    if found and not rows:
        problem = _("%(name)s所在的县没有在用的调查表，请联系县级管理人员。") % {"name": found[0]}
    context = {"rows": rows, "problem": problem, "done": _done(request), "more": len(found) >= FOUND}
    return render(request, "surveys/key_in.html", context, status=422 if problem else 200)


def _sheet_of(request: HttpRequest, text: str) -> tuple[list[Household], str]:
    """Households that a text may mean, and a sentence where it means none."""
    rows = Household.objects.for_user(request.user, Permission.SURVEY_FILL).filter(closed_on=None)
    rows = rows.select_related("village__parent__parent")
    uid = UUID_IN.search(text)
    if uid:
        found = list(rows.filter(uid=uid.group()))
    else:
        search = Search(text[:40])
        if search.problem:
            return [], search.problem
        exact = list(rows.filter(number=text.upper()))
        found = exact or list(search.restrict(rows).order_by("village", "sort_key", "pk")[:FOUND])
    if not found:
        return [], _("没有找到这一户，或者它不在您的范围内。请核对表上的户编号。")
    return found, ""


def _done(request: HttpRequest) -> Survey | None:
    """The survey that was just typed in, for a word about it."""
    uid = request.GET.get("done", "")
    if not UUID_IN.fullmatch(uid):
        return None
    return Survey.objects.for_user(request.user).select_related("household").filter(uid=uid).first()
