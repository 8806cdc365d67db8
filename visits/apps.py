from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# What visits did to a household, on its history page.
ACTIONS = {"visit.recorded": _("登记走访"), "visit.voided": _("作废走访")}


class VisitsConfig(AppConfig):
    name = "visits"
    verbose_name = _("走访")

    def ready(self) -> None:
        from accounts.roles import Permission
        from common import audit, navigation, nightly
        from households import followers, lead, trail
        from regions import registry
        from surveys import claims, held, shells
        from surveys import pack as survey_pack
        from visits import desk, holding, pack, photos
        from visits.models import VOUCHED
        from visits.services import duties, rules

        audit.vouch_for(*VOUCHED)
        claims.register(photos.CLAIMANT)
        held.register(holding.VISIT)
        trail.register(ACTIONS)
        followers.register(changed=duties.refresh, leaving=duties.forget)
        nightly.nightly(duties.refresh_all)
        registry.follows(rules.follow_region)
        registry.occupies(rules.why_occupied)
        shells.register(shells.Shell("visit_log:visit", Permission.VISIT_RECORD, _("开始走访"), "walk"))
        survey_pack.register(pack.PART)
        lead.register(desk.lead)
        navigation.register(
            navigation.Item("daily", _("待办"), "visits:desk", "task", Permission.VISIT_RECORD, weight=26, phone=True),
        )
