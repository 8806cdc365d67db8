from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# What happened to a household's plans, on its history page and on the plan's.
ACTIONS = {
    "plan.drafted": _("制定帮扶计划"),
    "plan.copied": _("由别户计划复制"),
    "plan.edited": _("修改帮扶思路"),
    "plan.goal_put": _("写入计划目标"),
    "plan.goal_dropped": _("删去计划目标"),
    "plan.task_put": _("写入计划任务"),
    "plan.task_dropped": _("取消计划任务"),
    "plan.indicators_set": _("填写年度指标"),
    "plan.consented": _("登记农户同意计划"),
    "plan.submitted": _("提交帮扶计划"),
    "plan.approved": _("批准帮扶计划"),
    "plan.returned": _("退回帮扶计划"),
    "plan.started": _("开始执行计划"),
    "plan.amended": _("重新修改计划"),
    "plan.task_progressed": _("登记任务进展"),
    "plan.task_done": _("完成计划任务"),
    "plan.task_reopened": _("恢复计划任务"),
    "plan.tasks_handed": _("移交计划任务"),
    "plan.evidence_removed": _("删去任务照片"),
    "plan.reviewed": _("年终总结计划"),
    "plan.review_returned": _("退回年终总结"),
    "plan.closed": _("结束帮扶计划"),
}


class PlansConfig(AppConfig):
    name = "plans"
    verbose_name = _("帮扶计划")

    def ready(self) -> None:
        from accounts.roles import Permission
        from cadres import holdings
        from catalogue import usage
        from common import audit, bulk, navigation, tabs, tiles, vault
        from households import handover_lines, papers, trail, values
        from households.services.evidence import checker_of
        from plans import drafting, holding, paper, waiting
        from plans.models import VOUCHED, Goal, Indicator, Plan, PlanEvidence, PlanRevision, Task

        audit.vouch_for(*VOUCHED)
        usage.register(drafting.used)
        audit.FILES.append(checker_of(PlanEvidence))
        vault.LASTING.append((PlanEvidence, "file"))
        trail.register(ACTIONS)
        values.register(
            Plan, "state", "revision", "drafted_by", "drafted_at", "copied_from_id", "submitted_by", "submitted_at", "decided_by", "decided_at",
            "decision_note", "reviewed_by", "reviewed_at", "review_note", "closed_by", "closed_at", "consent_revision",
        )  # fmt: skip
        values.register(Goal, "plan_id", "place", "state")
        values.register(Task, "goal_id", "place", "state", "reasons", "done_by", "note")
        values.register(Indicator, "plan_id", "code")
        values.register(PlanRevision, "plan_id", "revision", "body", "by", "at")
        values.register(PlanEvidence, "plan_id", "task_id", "uploaded_at")
        tiles.register(waiting.tiles)
        holdings.register(holding.holdings)
        papers.register(paper.sections)
        handover_lines.register(waiting.open_lines)
        navigation.register(
            navigation.Item("help", _("帮扶计划"), "plans:board", "plan", Permission.HOUSEHOLD_VIEW, weight=24),
            navigation.Item("help", _("我的任务"), "plans:task_list", "task", Permission.PLAN_EDIT, weight=26),
        )
        tabs.register(
            "households.Household",
            tabs.Tab(_("帮扶计划"), "plans:household_plans", Permission.HOUSEHOLD_VIEW, weight=5),
        )
        tabs.register_action(
            "households.Household",
            tabs.Action(_("制定计划"), "plans:plan_draft", "plan", Permission.PLAN_EDIT, weight=30),
        )
        bulk.register(
            "plans.Plan", bulk.Action(_("批量批准"), "plans:approve_bulk", "check", Permission.PLAN_APPROVE, weight=10)
        )
