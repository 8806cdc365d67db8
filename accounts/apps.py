from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "账号"

    def ready(self) -> None:
        from accounts import postings
        from accounts.roles import Permission
        from common import navigation
        from regions import registry

        registry.posted_regions = postings.regions_with
        registry.follows(postings.follow_region)
        registry.occupies(postings.why_occupied)
        navigation.register(
            navigation.Item("admin", _("账号管理"), "accounts:account_list", "people", Permission.ACCOUNT_MANAGE, weight=60, short=_("账号")),
            navigation.Item("admin", _("我的"), "accounts:profile", "person", None, weight=90, phone=True),
        )  # fmt: skip
