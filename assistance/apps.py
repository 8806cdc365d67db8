from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssistanceConfig(AppConfig):
    name = "assistance"
    verbose_name = _("帮扶措施和资金")

    def ready(self) -> None:
        from assistance.models import VOUCHED, AssistanceEvidence
        from assistance.services import funds
        from common import audit, vault
        from households.services.evidence import checker_of

        audit.vouch_for(*VOUCHED)
        audit.FILES.append(checker_of(AssistanceEvidence))
        audit.CHECKS.append(funds.check)
        vault.LASTING.append((AssistanceEvidence, "file"))
