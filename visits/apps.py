from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# What visits did to a household, on its history page.
ACTIONS = {"demo.visited": _("登记往期走访"), "visit.recorded": _("登记走访"), "visit.voided": _("作废走访")}


def tell_demonstration() -> None:
    from visits import demo  # only where there is one

    demo.fill()


class VisitsConfig(AppConfig):
    name = "visits"
    verbose_name = _("走访")

    def ready(self) -> None:
        from accounts.places import choice
        from accounts.roles import Permission
        from common import audit, demonstration, navigation, nightly, tabs, tiles
        from households import cards as household_cards
        from households import filters as household_filters
        from households import followers, handover_lines, lead, papers, trail, values
        from regions import registry
        from surveys import claims, held, shells
        from surveys import pack as survey_pack
        from surveys import waiting as surveys_waiting
        from visits import cards, desk, facts, filters, holding, pack, paper, photos, waiting
        from visits.models import VOUCHED, Visit
        from visits.services import duties, rules

        audit.vouch_for(*VOUCHED)
        household_filters.also(
            "visited", choice(_("多久没走访"), list(filters.SINCE.items()), method=filters.not_visited)
        )
        claims.register(photos.CLAIMANT)
        held.register(holding.VISIT)
        trail.register(ACTIONS)
        values.register(Visit)
        followers.register(changed=duties.refresh, leaving=duties.forget)
        nightly.nightly(duties.nightly)
        registry.follows(rules.follow_region)
        registry.occupies(rules.why_occupied)
        demonstration.also(tell_demonstration)
        tiles.register(waiting.tiles)
        household_cards.register(cards.columns, cards.visit_card)
        papers.register(paper.sections)
        handover_lines.register(facts.last_visits)
        navigation.register(
            navigation.Item("daily", _("走访"), "visits:visit_list", "house", Permission.HOUSEHOLD_VIEW, weight=32),
            navigation.Item(
                "daily",
                _("待走访"),
                "visits:duty_list",
                "calendar",
                Permission.HOUSEHOLD_VIEW,
                weight=33,
                badge=surveys_waiting.badge_of(waiting.late),
            ),
        )
        tabs.register(
            "households.Household",
            tabs.Tab(_("走访"), "visits:household_visits", Permission.HOUSEHOLD_VIEW, weight=20),
        )
        tabs.register("cadres.Cadre", tabs.Tab(_("走访"), "visits:cadre_visits", Permission.CADRE_VIEW, weight=30))
        tabs.register_action(
            "households.Household",
            tabs.Action(_("登记走访"), "visits:visit_new", "edit", Permission.VISIT_RECORD, weight=10),
        )
        shells.register(shells.Shell("visit_log:visit", Permission.VISIT_RECORD, _("开始走访"), "walk"))
        survey_pack.register(pack.PART)
        lead.register(desk.lead)
        navigation.register(
            navigation.Item("daily", _("待办"), "visits:desk", "task", Permission.VISIT_RECORD, weight=26, phone=True),
        )
