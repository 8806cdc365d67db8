from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    name = "plans"
    verbose_name = _("帮扶计划")

    def ready(self) -> None:
        from common import audit, vault
        from households.services.evidence import checker_of
        from plans.models import VOUCHED, PlanEvidence

        audit.vouch_for(*VOUCHED)
        audit.FILES.append(checker_of(PlanEvidence))
        vault.LASTING.append((PlanEvidence, "file"))
