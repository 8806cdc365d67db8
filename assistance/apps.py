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


class AssistanceConfig(AppConfig):
    name = "assistance"
    verbose_name = _("帮扶措施和资金")

    def ready(self) -> None:
        from assistance import received
        from assistance.models import VOUCHED, AssistanceEvidence
        from assistance.services import funds, projects
        from common import audit, vault
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
        registry.follows(projects.follow_region)
