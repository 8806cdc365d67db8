from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "catalogue"
    verbose_name = _("帮扶措施目录")

    def ready(self) -> None:
        from accounts import departments
        from accounts.roles import Permission
        from catalogue import services
        from catalogue.models import VOUCHED, department_names
        from common import audit, navigation

        audit.vouch_for(*VOUCHED)
        audit.CHECKS.append(services.check)
        departments.names = department_names

        navigation.register(
            navigation.Item(
                "help", _("帮扶措施目录"), "catalogue:kind_list", "file", Permission.HOUSEHOLD_VIEW, weight=90
            )
        )
