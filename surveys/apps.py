from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SurveysConfig(AppConfig):
    name = "surveys"
    verbose_name = _("入户调查")

    def ready(self) -> None:
        from accounts.roles import Permission
        from common import navigation

        navigation.register(
            navigation.Item(
                "daily",
                _("入户调查"),
                "collect:home",
                "edit",
                Permission.SURVEY_FILL,
                weight=30,
                phone=True,
                short=_("调查"),
            ),
            navigation.Item("daily", _("调查进度"), "surveys:progress", "chart", Permission.HOUSEHOLD_VIEW, weight=40),
            navigation.Item("print", _("填写负担"), "surveys:effort", "clock", Permission.HOUSEHOLD_VIEW, weight=40),
        )
