from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CommonConfig(AppConfig):
    name = "common"
    verbose_name = "公共"

    def ready(self) -> None:
        from common import checks, checks_pdf, navigation  # noqa: F401  the first two register the system checks

        navigation.register(navigation.Item("print", _("后台任务"), "jobs:job_list", "task", None, weight=90))
