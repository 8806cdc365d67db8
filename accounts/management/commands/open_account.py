"""Opens an account from the server's console: the first one of an installation, when nobody can log in yet."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.roles import POSTED_AT, Role
from accounts.services import AccountError, open_account_from_console
from regions.models import Region
from regions.services import RegionError, pad_code


class Command(BaseCommand):
    help = "Open an account and print its one-time password. Written to the audit trail with the actor “console”."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USERNAME")
        parser.add_argument("--name", required=True, help="the person's name")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role if POSTED_AT[role]])
        parser.add_argument(
            "--department", default="", help="for department_user: a department of the catalogue, 教育局"
        )
        parser.add_argument("--region", required=True, metavar="CODE", help="code of the region, 6 to 12 digits")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            region = Region.objects.filter(code=pad_code(options["region"]), valid_to=None).first()
            if region is None:
                raise CommandError(f"没有代码为 {options['region']} 的区划，请先用 load_regions 导入。")
            user, password = open_account_from_console(
                username=options["username"], name=options["name"], role=Role(options["role"]), region=region,
                department=options["department"],
            )  # fmt: skip
        except (AccountError, RegionError) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"已开通：{user.name}，{Role(options['role']).label}，{region.full_name}")
        self.stdout.write(f"用户名：{user.username}")
        self.stdout.write(f"一次性密码（首次登录必须改掉）：{password}")
