from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


def tell_demonstration() -> None:
    from cadres import demo  # only where there is one

    demo.fill()


class CadresConfig(AppConfig):
    name = "cadres"
    verbose_name = _("干部")

    def ready(self) -> None:
        from accounts import departing
        from accounts.roles import Permission
        from cadres import holdings, places, waiting
        from cadres.models import VOUCHED
        from common import audit, demonstration, navigation, tiles
        from regions import registry

        audit.vouch_for(*VOUCHED)
        holdings.register(holdings.places)
        departing.register(holdings.of_user)
        tiles.register(waiting.tiles)
        registry.follows(places.follow_region)
        registry.occupies(places.why_occupied)
        demonstration.also(tell_demonstration)
        navigation.register(
            navigation.Item("people", _("单位和干部"), "cadres:cadre_list", "people", Permission.CADRE_VIEW, weight=20),
            navigation.Item("people", _("驻村工作队"), "cadres:team_list", "house", Permission.CADRE_VIEW, weight=24),
        )
