from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegionsConfig(AppConfig):
    name = "regions"
    verbose_name = "区划"

    def ready(self) -> None:
        from common import navigation
        from regions.registry import REGION_EDIT

        navigation.register(
            navigation.Item(
                "admin", _("区划维护"), "regions:region_tree", "map", REGION_EDIT, weight=70, short=_("区划")
            )
        )
