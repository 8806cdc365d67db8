from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


def tell_demonstration() -> None:
    from figures import demo  # only where there is one

    demo.fill()


class FiguresConfig(AppConfig):
    name = "figures"
    verbose_name = _("看板与报表")

    def ready(self) -> None:
        from accounts.roles import Permission
        from common import demonstration, navigation, news, nightly, pdf
        from figures import datasets, lately, months, rollup
        from figures import paper as board_paper
        from figures.reports import jobs, paper
        from figures.shipped import going, help, ledgers, living, people, villages

        datasets.register(*ledgers.DATASETS, *help.DATASETS, *going.DATASETS)
        datasets.register(*people.DATASETS, *living.DATASETS, *villages.DATASETS)
        news.register(lately.this_month)
        nightly.nightly(rollup.recount_all)
        nightly.nightly(months.keep_last)
        nightly.nightly(jobs.run_due)
        pdf.LAYOUTS[paper.TEMPLATE] = paper.lay_out
        pdf.LAYOUTS[board_paper.TEMPLATE] = board_paper.lay_out
        demonstration.also(tell_demonstration)
        navigation.register(
            navigation.Item("print", _("看板"), "figures:boards", "chart", Permission.FIGURES_VIEW, weight=5),
            navigation.Item("print", _("报表"), "figures:reports", "file", Permission.FIGURES_VIEW, weight=6),
        )
