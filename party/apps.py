from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


def tell_demonstration() -> None:
    from party import demo  # only where there is one

    demo.fill()


class PartyConfig(AppConfig):
    name = "party"
    verbose_name = _("村党组织建设")

    def ready(self) -> None:
        from accounts.roles import Permission
        from common import audit, demonstration, navigation, nightly, tiles, vault
        from common.evidence import checker_of
        from party import places, waiting
        from party.models import VOUCHED, PartyEvidence
        from party.services import people, signing_in
        from regions import registry

        audit.vouch_for(*VOUCHED)
        audit.FILES.append(checker_of(PartyEvidence))
        audit.CHECKS.append(people.check)
        vault.LASTING.append((PartyEvidence, "file"))
        registry.follows(places.follow_region)
        registry.occupies(places.why_occupied)
        nightly.nightly(signing_in.forget_failures)
        tiles.register(waiting.tiles)
        demonstration.also(tell_demonstration)
        navigation.register(
            navigation.Item("people", _("村党组织"), "party:village_list", "people", Permission.PARTY_VIEW, weight=70),
            navigation.Item("people", _("党建情况"), "party:overview", "chart", Permission.PARTY_VIEW, weight=72),
        )
