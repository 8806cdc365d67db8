"""Sentences of the scripts of a phone: of the visit log, and of what 我的调查 says of visits. {x} is filled in there."""

from __future__ import annotations

from django.utils.translation import gettext as _

from visits.codelists import MET


def _due() -> dict[str, str]:
    """When somebody was there, until when somebody should be."""
    return {
        "day": _("{month}月{date}日"),
        "last_visit": _("上次走访 {day}"),
        "last_call": _("上次电话 {day}"),
        "never": _("还没有走访过"),
        "due": _("应在 {day} 前走访"),
        "overdue": _("应在 {day} 前走访，已超期 {n} 天"),
        "due_call": _("应在 {day} 前打电话"),
        "overdue_call": _("应在 {day} 前打电话，已超期 {n} 天"),
        "place_kept": _("已记下大概位置（约 1 公里范围）。"),
    }


def of_home() -> dict[str, str]:
    return _due() | {
        "visit": _("走访"),
        "visited": _("走访 {name}户 · {on}"),
        "called": _("电话联系 {name}户 · {on}"),
        "today": _("今天"),
        "seen_here": _("这次走访已记在手机里"),
        "tasks": _("任务 {n} 项"),
        "requests": _("诉求 {n} 条"),
        "missing": _("缺 {n} 项信息"),
        "due_say": _("走访已超期 {late} 户，该走访 {due} 户。"),
    }


def of_log() -> dict[str, str]:
    """Sentences of the page's script. {x} is filled in there. The first part is that of survey/keeping.js."""
    return _due() | {
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
        "online_only": _(
            "此浏览器不能离线登记。请点右上角，用手机自带浏览器打开；有网络时也可以在农户台账里登记走访。"
        ),
        "online_link": _("去找农户"),
        "refused": _("服务器没有收下：{why}"),
        # whom and how
        "title_visit": _("走访 {name}户"),
        "title_call": _("电话联系 {name}户"),
        "met_visit": _("见到谁"),
        "met_call": _("和谁通了话"),
        "seen_visit": _("看到什么"),
        "seen_call": _("了解到什么"),
        "nobody_visit": MET.label("nobody"),
        "nobody_call": _("没有接通"),
        # photos and place
        "photo_count": _("（{n}/{most} 张）"),
        "photo_most": _("一次走访最多 {most} 张照片，多出的没有加进来。"),
        "photo_drop": _("移除这张照片"),
        "photo_gone": _("照片不在这台设备上"),
        "photo_large": _(
            "这张照片有 {mb} MB，太大，没有加进来；已填的都在。请把相机的照片尺寸调小，或者换一张 20 MB 以内的。"
        ),
        "not_a_photo": _("这个文件不是能用的照片，没有加进来。请重新拍一张，或选一张 JPEG、PNG 照片。"),
        "place_asking": _("正在取位置…"),
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
