"""Spreadsheets in and out."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from common import demonstration, navigation


def tell_demonstration() -> None:
    from exchange import demo

    demo.fill()


class ExchangeConfig(AppConfig):
    name = "exchange"
    verbose_name = _("导入导出")

    def ready(self) -> None:
        from exchange import files, jobs  # noqa: F401  kinds of jobs and the expiry of uploads register themselves

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
