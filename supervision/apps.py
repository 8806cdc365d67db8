from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


def tell_demonstration() -> None:
    from supervision import demo  # only where there is one

    demo.fill()


class SupervisionConfig(AppConfig):
    name = "supervision"
    verbose_name = _("督查考评")

    def ready(self) -> None:
        from accounts.roles import Permission
        from common import audit, demonstration, navigation, nightly, pdf, tiles
        from regions import registry
        from supervision import activity, counted, jobs, paper, steps, waiting  # noqa: F401  kinds of work register themselves
        from supervision.models import VOUCHED
        from supervision.services import regions

        audit.vouch_for(*VOUCHED)
        counted.ship()
        registry.follows(regions.follow_region)
        registry.occupies(regions.why_occupied)
        nightly.nightly(steps.recount_open)
        nightly.nightly(activity.recount_lately)
        pdf.LAYOUTS["pdf/appraisal.html"] = paper.lay_out
        tiles.register(waiting.tiles)
        demonstration.also(tell_demonstration)
        navigation.register(
            navigation.Item("people", _("工作部署"), "supervision:order_list", "task", Permission.ORDER_VIEW, weight=70),
            navigation.Item("people", _("考评"), "supervision:round_list", "check", Permission.APPRAISAL_VIEW, weight=80),
        )  # fmt: skip
