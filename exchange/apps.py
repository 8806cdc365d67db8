"""Spreadsheets in and out."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from common import bulk, demonstration, navigation, tabs


def tell_demonstration() -> None:
    from exchange import demo

    demo.fill()


class ExchangeConfig(AppConfig):
    name = "exchange"
    verbose_name = _("导入导出")

    def ready(self) -> None:
        from exchange import files, jobs  # noqa: F401  kinds of jobs and the expiry of uploads register themselves
        from exchange.outgoing import jobs as outgoing  # noqa: F401  the same of exports

        demonstration.also(tell_demonstration)
        navigation.register(
            navigation.Item(
                "daily",
                _("导入数据"),
                "exchange:batch_list",
                "upload",
                Permission.HOUSEHOLD_IMPORT,
                weight=60,
                short=_("导入"),
            )
        )
        navigation.register(
            navigation.Item(
                "print",
                _("导出数据"),
                "exchange:export_list",
                "download",
                Permission.HOUSEHOLD_EXPORT,
                weight=20,
                short=_("导出"),
            )
        )
        # Beside the count of a list: everything that its filters find. Below it: the rows that were ticked.
        tabs.register_action(
            "households.Household.list",
            tabs.Action(_("导出"), "exchange:export_new", "download", Permission.HOUSEHOLD_EXPORT),
        )
        bulk.register(
            "households.Household",
            bulk.Action(_("导出"), "exchange:export_chosen", "download", Permission.HOUSEHOLD_EXPORT, weight=20),
        )
