from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "打印与报表"

    def ready(self) -> None:
        from accounts.roles import Permission
        from common import bulk, navigation, pdf, tabs
        from reports import ends, jobs, kinds  # noqa: F401  jobs and what ends register themselves
        from reports.papers import laying

        kinds.register_all()
        pdf.LAYOUTS["pdf/paper.html"] = laying.lay_out
        navigation.register(
            navigation.Item("print", _("打印中心"), "reports:print_centre", "print", Permission.LEDGER_PRINT, weight=10)
        )
        tabs.register_action(
            "households.Household",
            tabs.Action(_("打印台账"), "reports:print_household", "print", Permission.LEDGER_PRINT, weight=25),
        )
        bulk.register(
            "households.Household",
            bulk.Action(_("打印台账"), "reports:print_chosen", "print", Permission.LEDGER_PRINT, weight=10),
        )
        sheets = {"icon": "file", "permission": Permission.SURVEY_FILL, "weight": 60}
        tabs.register_action(
            "households.Household", tabs.Action(_("打印调查表"), "reports:print_household_sheet", **sheets)
        )
        bulk.register("households.Household", bulk.Action(_("打印调查表"), "reports:print_chosen_sheets", **sheets))
