from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CadresConfig(AppConfig):
    name = "cadres"
    verbose_name = _("干部")

    def ready(self) -> None:
        from accounts import departing
        from cadres import holdings
        from cadres.models import VOUCHED
        from common import audit

        audit.vouch_for(*VOUCHED)
        holdings.register(holdings.places)
        departing.register(holdings.of_user)
