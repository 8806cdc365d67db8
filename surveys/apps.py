from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# What happened to a household's surveys, on its history page.
ACTIONS = {
    "survey.begun": _("开始填写入户调查"),
    "survey.submitted": _("交来入户调查"),
    "survey.withdrawn": _("收回入户调查"),
    "survey.expired": _("清理过期的调查草稿"),
    "surveyphoto.arrived": _("调查照片送达"),
    "surveyphoto.refused": _("拒收调查照片"),
    "sync.refused": _("拒收上传的记录"),
    "sync.quarantined": _("上传的记录待处理"),
    "quarantine.accepted": _("采用待处理的记录"),
    "quarantine.discarded": _("作废待处理的记录"),
    "household.surveyed": _("按入户调查更新台账"),
    "household.verified": _("按复核更新台账"),
    "survey.approved": _("入户调查审核通过"),
    "survey.returned": _("退回入户调查"),
    "verification.assigned": _("派人复核"),
    "verification.cancelled": _("取消复核"),
    "verification.done": _("完成复核"),
    "verification.resolved": _("判定复核差异"),
}


def tell_demonstration() -> None:
    from surveys import demo  # only where there is one

    demo.fill()


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = _("入户调查")

    def ready(self) -> None:
        from accounts.roles import Permission
        from common import audit, bulk, demonstration, navigation, tabs, tiles, vault
        from households import curtain, trail
        from surveys import gap_jobs, held, holding, jobs, paper_jobs, review_jobs, services, waiting  # noqa: F401  kinds of work, and what ends by itself, register themselves
        from surveys.models import VOUCHED, SurveyPhoto
        from surveys.services.photos import check_files

        audit.vouch_for(*VOUCHED)
        held.register(holding.SURVEY)
        audit.FILES.append(check_files)
        trail.register(ACTIONS)
        curtain.register(waiting.hidden_years)
        tiles.register(waiting.tiles)
        demonstration.also(tell_demonstration)
        vault.LASTING.append((SurveyPhoto, "file"))
        navigation.register(
            navigation.Item(
                "daily",
                _("入户调查"),
                "collect:home",
                "edit",
                Permission.SURVEY_FILL,
                weight=30,
            ),
            navigation.Item("daily", _("调查进度"), "surveys:progress", "chart", Permission.HOUSEHOLD_VIEW, weight=40),
            navigation.Item("daily", _("查缺补漏"), "surveys:gaps", "task", Permission.HOUSEHOLD_VIEW, weight=42),
            navigation.Item("print", _("填写负担"), "surveys:effort", "clock", Permission.HOUSEHOLD_VIEW, weight=40),
            navigation.Item(
                "review",
                _("待处理的上传"),
                "surveys:quarantine_list",
                "upload",
                Permission.SURVEY_REVIEW,
                weight=30,
                badge=waiting.badge(waiting.QUARANTINE),
            ),
            navigation.Item("admin", _("手机"), "surveys:device_list", "phone", Permission.ACCOUNT_MANAGE, weight=40),
        )
        navigation.register(
            navigation.Item("admin", _("调查表"), "surveys:form_list", "edit", Permission.SURVEY_PUBLISH, weight=30),
            navigation.Item("daily", _("纸质补录"), "surveys:key_in", "file", Permission.SURVEY_FILL, weight=34),
        )
        tabs.register_action(
            "households.Household",
            tabs.Action(_("入户调查"), "surveys:start", "edit", Permission.SURVEY_FILL, weight=20),
        )
        navigation.register(
            navigation.Item(
                "review",
                _("调查审核"),
                "surveys:survey_list",
                "task",
                Permission.SURVEY_REVIEW,
                weight=10,
                badge=waiting.badge(waiting.REVIEWS),
            ),
            navigation.Item("review", _("复核"), "surveys:task_list", "swap", Permission.HOUSEHOLD_VIEW, weight=20),
        )
        tabs.register(
            "households.Household",
            tabs.Tab(_("入户调查"), "surveys:household_surveys", Permission.HOUSEHOLD_VIEW, weight=10),
        )
        bulk.register(
            "surveys.Survey",
            bulk.Action(_("批量通过"), "surveys:approve_bulk", "check", Permission.SURVEY_REVIEW, weight=10),
        )
        bulk.register(
            "households.Household",
            bulk.Action(_("指定复核"), "surveys:pick_bulk", "search", Permission.SURVEY_SAMPLE, weight=40),
        )
