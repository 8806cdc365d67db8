"""`manage.py build_fonts`: make the typefaces of the printed ledger, once per machine."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common import fonts


class Command(BaseCommand):
    help = "Fetch the pinned fonts and cut them into build/fonts/. Quick when nothing changed."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="build again even if the stamp says nothing changed")
        parser.add_argument("--relock", action="store_true", help="write common/fonts.lock.json from what was fetched")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            missing = fonts.build(say=self.stdout.write, relock=options["relock"], force=options["force"])
        except fonts.FontError as error:
            raise CommandError(str(error))
        if missing:
            self.stderr.write(
                self.style.WARNING(f"缺少字体 {'、'.join(missing)}。 Fonts missing: {', '.join(missing)}.")
            )
        else:
            self.stdout.write(f"字体已就绪 fonts ready: {fonts.folder()}")
