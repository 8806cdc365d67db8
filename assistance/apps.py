from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# What happened to a household's place to live, on its history page.
TENANCIES = {
    "tenancy.offered": _("推荐闲置房"),
    "tenancy.accepted": _("同意入住闲置房"),
    "tenancy.refused": _("不同意入住闲置房"),
    "tenancy.moved_in": _("入住闲置房"),
    "tenancy.ended": _("结束入住安排"),
}
# What a household was given and what it said of it.
MEASURES = {
    "demo.given": _("登记往年的帮扶措施"),
    "measure.proposed": _("提出帮扶措施"),
    "measure.changed": _("修改帮扶措施"),
    "measure.withdrawn": _("撤回帮扶措施"),
    "measure.approved": _("批准帮扶措施"),
    "measure.refused": _("未批准帮扶措施"),
    "measure.effect_recorded": _("登记帮扶成效"),
    "delivery.recorded": _("落实帮扶措施"),
    "delivery.reversed": _("冲回落实"),
    "delivery.confirmed": _("农户确认收到"),
    "delivery.denied": _("农户说未收到"),
    "servicerequest.asked": _("登记服务诉求"),
    "servicerequest.taken": _("受理服务诉求"),
    "servicerequest.assigned": _("指定服务诉求办理人"),
    "servicerequest.answered": _("答复服务诉求"),
    "servicerequest.confirmed": _("农户确认诉求办结"),
    "servicerequest.reopened": _("农户不满意，重新办理诉求"),
    "servicerequest.withdrawn": _("撤销服务诉求"),
}

# What subsidy lists did to a household.
LISTS = {"delivery.listed": _("按清单发放")}


def tell_demonstration() -> None:
    from assistance import demo, demo_villages  # only where there is one

    demo.fill()
    demo_villages.fill()


class AssistanceConfig(AppConfig):
    name = "assistance"
    verbose_name = _("帮扶措施和资金")

    def ready(self) -> None:
        from accounts.roles import Permission
        from assistance import cards, jobs, needs, of_tasks, paper, received, scans, village_tiles, waiting  # noqa: F401  kinds of work, what ends, the work of the night register themselves
        from assistance.models import VOUCHED, AssistanceEvidence, Tenancy
        from assistance.services import funds, projects, requests
        from cadres import needs as needs_of_villages
        from catalogue import usage
        from common import audit, bulk, demonstration, navigation, tabs, tiles, vault
        from households import cards as household_cards
        from households import handover_lines, papers, successors, trail, values
        from households.services.evidence import checker_of
        from plans import beside
        from plans import received as plans_received
        from regions import registry

        audit.vouch_for(*VOUCHED)
        plans_received.register(received.received)
        beside.register(of_tasks.measures_of_tasks)
        needs_of_villages.register(needs.needs)
        usage.register(received.used)
        audit.FILES.append(checker_of(AssistanceEvidence))
        audit.CHECKS.append(funds.check)
        vault.LASTING.append((AssistanceEvidence, "file"))
        trail.register(TENANCIES)
        values.register(Tenancy, "state", "house_id", "offered_by")  # the title says the one, the note the other
        trail.register(LISTS)
        trail.register(MEASURES)
        tiles.register(waiting.tiles)
        papers.register(paper.sections)
        successors.follows(requests.follow_hand_over)
        handover_lines.register(waiting.open_lines)
        registry.follows(projects.follow_region)
        tiles.register(village_tiles.tiles)
        demonstration.also(tell_demonstration)
        household_cards.register(cards.columns, cards.assistance_card)
        papers.register(paper.sections)
        navigation.register(
            navigation.Item(
                "village", _("补贴发放"), "assistance:batch_list", "upload", Permission.FUND_PAY, weight=62
            ),
            navigation.Item("village", _("资金"), "assistance:fund_list", "chart", Permission.FUND_VIEW, weight=60),
        )
        navigation.register(
            navigation.Item(
                "village", _("区域攻坚"), "assistance:village_list", "map", Permission.HOUSEHOLD_VIEW, weight=66
            ),
            navigation.Item("village", _("闲置房"), "assistance:house_list", "house", Permission.HOUSE_EDIT, weight=68),
            navigation.Item(
                "help", _("应享实享"), "assistance:entitlement", "check", Permission.HOUSEHOLD_VIEW, weight=64
            ),
            navigation.Item(
                "print", _("边缘户比较"), "assistance:marginal", "swap", Permission.HOUSEHOLD_VIEW, weight=50
            ),
            navigation.Item(
                "print", _("帮扶前后"), "assistance:effects", "chart", Permission.HOUSEHOLD_VIEW, weight=52
            ),
        )
        tabs.register(
            "households.Household",
            tabs.Tab(_("应享与成效"), "assistance:household_entitlement", Permission.HOUSEHOLD_VIEW, weight=40),
        )
        navigation.register(
            navigation.Item(
                "help", _("帮扶措施"), "assistance:measure_list", "people", Permission.HOUSEHOLD_VIEW, weight=60
            ),
            navigation.Item(
                "help", _("服务诉求"), "assistance:request_list", "phone", Permission.HOUSEHOLD_VIEW, weight=63
            ),
        )  # fmt: skip
        navigation.register(
            navigation.Item(
                "help", _("本部门措施"), "assistance:department_list", "people", Permission.MEASURE_DEPARTMENT, weight=10, phone=True, short=_("措施")
            ),
            navigation.Item(
                "help", _("批量落实"), "assistance:department_batch", "check", Permission.MEASURE_DEPARTMENT, weight=12, phone=True, short=_("落实")
            ),
        )  # fmt: skip
        tabs.register(
            "households.Household",
            tabs.Tab(_("帮扶措施"), "assistance:household_measures", Permission.HOUSEHOLD_VIEW, weight=30),
        )
        tabs.register_action(
            "households.Household",
            tabs.Action(_("提出措施"), "assistance:measure_propose", "plus", Permission.MEASURE_EDIT, weight=30),
        )
        tabs.register_action(
            "households.Household",
            tabs.Action(_("登记诉求"), "assistance:request_new", "edit", Permission.MEASURE_EDIT, weight=32),
        )
        bulk.register(
            "assistance.Measure",
            bulk.Action(_("批量批准"), "assistance:measure_approve_bulk", "check", Permission.MEASURE_APPROVE),
        )
        tabs.register_action(
            "plans.Plan",
            tabs.Action(
                _("按计划提出措施"), "assistance:measure_from_plan", "plus", Permission.MEASURE_EDIT, weight=20
            ),
        )
