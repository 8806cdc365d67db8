from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


def tell_demonstration() -> None:
    from households import demo_pairing  # only where there is one

    demo_pairing.fill()


class HouseholdsConfig(AppConfig):
    name = "households"
    verbose_name = "农户"

    def ready(self) -> None:
        from accounts import scoping
        from accounts.roles import Permission
        from cadres import holdings
        from common import audit, bulk, demonstration, navigation, tabs
        from households import digest, jobs, places, querysets, standing  # noqa: F401  topics and kinds of long work register themselves
        from households.models import AUDITED
        from households.services.photos import check_files
        from regions import registry

        scoping.paired_household_ids = querysets.paired_household_ids
        scoping.is_paired = querysets.is_paired
        audit.vouch_for(*AUDITED)
        audit.FILES.append(check_files)
        registry.follows(places.follow_region)
        registry.occupies(places.why_occupied)
        registry.follows(standing.follow_region)
        holdings.register(standing.holdings)
        navigation.register(
            navigation.Item("daily", _("首页"), "home", "home", weight=10, phone=True),
            navigation.Item(
                "daily",
                _("农户台账"),
                "households:household_list",
                "house",
                Permission.HOUSEHOLD_VIEW,
                weight=20,
                phone=True,
                short=_("农户"),
            ),
        )
        demonstration.also(tell_demonstration)
        navigation.register(
            navigation.Item(
                "people", _("结对帮扶"), "households:pairing_coverage", "people", Permission.CADRE_VIEW, weight=30
            ),
        )
        tabs.register(
            "cadres.Cadre", tabs.Tab(_("结对农户"), "households:cadre_households", Permission.CADRE_VIEW, weight=20)
        )
        bulk.register(
            "households.Household",
            bulk.Action(_("安排帮扶责任人"), "households:pairing_bulk", "people", Permission.PAIRING_EDIT, weight=20),
        )
