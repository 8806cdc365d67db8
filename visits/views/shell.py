"""The visit log of a phone: a blank page below /collect/ that the service worker keeps (docs/surveys.md, Phone and server)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common.readonly import reads_only
from visits.codelists import MET, SEEN
from visits.models import Manner

MOST_TEXT = 300


def words() -> dict[str, str]:
    """Sentences of the page's script. {x} is filled in there. The first part is that of survey/keeping.js."""
    return {
        "saved": _("已存手机 {time}"),
        "unsaved": _("没有存上，会自动再试，请不要关闭这一页。"),
        "elsewhere": _("这次走访正在另一个窗口登记，这里只能看。"),
        "take": _("在这里继续填写"),
        "trouble": _("出了问题，刚才的操作没有完成。已填的内容还在，请再试一次。"),
        # before it opens
        "broken": _("走访没有打开。请退回上一页再试；多次出现请告诉系统管理员。"),
        "no_pack": _("还没有农户名单。请联网打开“我的调查”，点“更新名单”。"),
        "no_households": _("目前没有归您走访的农户。"),
        "no_household": _("这一户不在这部手机的名单里，或者不归您走访。请联网后再打开。"),
        "no_draft": _("这次走访已经上传或丢弃。请到“我的调查”查看。"),
        "online_only": _("此浏览器不能离线登记。请点右上角，用手机自带浏览器打开；有网络时也可以在农户台账里登记走访。"),
        "online_link": _("去找农户"),
        "refused": _("服务器没有收下：{why}"),
        # whom and when
        "day": _("{month}月{date}日"),
        "last_visit": _("上次走访 {day}"),
        "last_call": _("上次电话 {day}"),
        "never": _("还没有走访过"),
        "due": _("应在 {day} 前走访"),
        "overdue": _("应在 {day} 前走访，已超期 {n} 天"),
        "title_visit": _("走访 {name}户"),
        "title_call": _("电话联系 {name}户"),
        "met_visit": _("见到谁"),
        "met_call": _("和谁通了话"),
        "seen_visit": _("看到什么"),
        "seen_call": _("了解到什么"),
        "nobody_visit": MET.label("nobody"),
        "nobody_call": _("没有接通"),
        # photos and place
        "photo_count": _("（已有 {n} 张，最多 {most} 张）"),
        "photo_most": _("一次走访最多 {most} 张照片，多出的没有加进来。"),
        "photo_drop": _("移除这张照片"),
        "photo_gone": _("照片不在这台设备上"),
        "photo_large": _("这张照片有 {mb} MB，太大，没有加进来；已填的都在。请把相机的照片尺寸调小，或者换一张 20 MB 以内的。"),
        "not_a_photo": _("这个文件不是能用的照片，没有加进来。请重新拍一张，或选一张 JPEG、PNG 照片。"),
        "place_asking": _("正在取位置…"),
        "place_kept": _("已记下大概位置（约 1 公里范围）。"),
        "place_none": _("没有取到位置，不影响保存。"),
        # what is missing
        "no_on": _("请选走访日期，不能晚于今天。"),
        "no_met": _("请点选见到了谁；没有人在家，就选“没有人在家”。"),
        "no_text": _("请写一句话，说说这次走访的情况。"),
        "no_next_on": _("下次走访的日期应在这次走访之后。"),
        # the end
        "done_visit": _("{name}户的走访已记下"),
        "done_call": _("{name}户的电话联系已记下"),
        "done": _("已存在这部手机里，有网络时自动上传。上传前都可以再改。"),
        "done_asked": _("农户的诉求上传后会登记为服务诉求。"),
        "home": _("回到我的调查"),
    }


@gzip_page  # there is no secret in it that its length could tell
@cache_control(private=True, no_cache=True)
@reads_only
def visit_shell(request: HttpRequest) -> HttpResponse:
    """The visit log without a word about anybody."""
    require_somewhere(request.user, Permission.VISIT_RECORD)
    context = {
        "words": words(),
        "manners": Manner.choices,
        "lists": [{"name": "met", "choices": MET.choices}, {"name": "seen", "choices": SEEN.choices}],
        "chips": [("", _("暂不定")), ("week", _("一周后")), ("month", _("一月后")), ("quarter", _("下季度")), ("own", _("自选"))],
        "most_text": MOST_TEXT,
    }  # fmt: skip
    return render(request, "visits/visit_shell.html", context)
