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

# What subsidy lists did to a household.
LISTS = {"delivery.listed": _("按清单发放")}


def tell_demonstration() -> None:
    from assistance import demo  # only where there is one

    demo.fill()


class AssistanceConfig(AppConfig):
    name = "assistance"
    verbose_name = _("帮扶措施和资金")

    def ready(self) -> None:
        from accounts.roles import Permission
        from assistance import cards, jobs, received, scans  # noqa: F401  kinds of work, what ends, the work of the night register themselves
        from assistance.models import VOUCHED, AssistanceEvidence
        from assistance.services import funds, projects
        from common import audit, demonstration, navigation, tabs, vault
        from households import cards as household_cards
        from households import trail
        from households.services.evidence import checker_of
        from plans import received as plans_received
        from regions import registry

        audit.vouch_for(*VOUCHED)
        plans_received.register(received.received)
        audit.FILES.append(checker_of(AssistanceEvidence))
        audit.CHECKS.append(funds.check)
        vault.LASTING.append((AssistanceEvidence, "file"))
        trail.register(TENANCIES)
        trail.register(LISTS)
        registry.follows(projects.follow_region)
        demonstration.also(tell_demonstration)
        household_cards.register(cards.assistance_card)
        navigation.register(
            navigation.Item(
                "daily", _("应享实享"), "assistance:entitlement", "check", Permission.HOUSEHOLD_VIEW, weight=64
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
