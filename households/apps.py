from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HouseholdsConfig(AppConfig):
    name = "households"
    verbose_name = "农户"

    def ready(self) -> None:
        from accounts import scoping
        from accounts.roles import Permission
        from common import audit, bulk, navigation
        from households import places, querysets
        from households.models import AUDITED
        from households.services.photos import check_files
        from regions import registry

        scoping.paired_household_ids = querysets.paired_household_ids
        scoping.is_paired = querysets.is_paired
        audit.vouch_for(*AUDITED)
        audit.FILES.append(check_files)
        registry.follows(places.follow_region)
        registry.occupies(places.why_occupied)
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
        bulk.register(
            "households.Household",
            bulk.Action(_("安排帮扶责任人"), "households:pairing_bulk", "people", Permission.PAIRING_EDIT, weight=20),
        )
