from django.apps import AppConfig


class HouseholdsConfig(AppConfig):
    name = "households"
    verbose_name = "农户"

    def ready(self) -> None:
        from accounts import scoping
        from households import querysets

        scoping.paired_household_ids = querysets.paired_household_ids
        scoping.is_paired = querysets.is_paired
