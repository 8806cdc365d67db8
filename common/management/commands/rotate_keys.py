"""Writes everything encrypted with an older key again with the newest, so that older keys can go once the files
encrypted with them have expired."""

from __future__ import annotations

from functools import partial
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, models, transaction
from django.utils.translation import gettext as _
from psycopg2.extras import execute_values

from common import audit, pii, vault

CHUNK = 1000


class Command(BaseCommand):
    help = "Re-encrypt every secret with the first key of YIHU_FIELD_KEYS. Safe to stop and to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        newest = Fernet(settings.FIELD_KEYS[0])
        total = 0
        for model in sorted(apps.get_models(), key=lambda m: m._meta.label_lower):
            for field in model._meta.concrete_fields:
                if isinstance(field, pii.SecretField) and not model._meta.proxy:
                    total += self._rotate(model, field, newest)
        for model, name in vault.LASTING:
            total += self._rotate_files(model, name)
        self.stdout.write(
            _(
                "已用最新的密钥重新加密 %(count)s 项内容。上传和打印的文件仍用旧密钥，请把旧密钥再保留 %(days)s 天，等它们到期清理。"
            )
            % {"count": total, "days": settings.DOCUMENT_DAYS}
        )

    def _rotate(self, model: type[models.Model], field: pii.SecretField, newest: Fernet) -> int:
        """One transaction and one event a chunk, in the order of the primary keys."""
        table, column, key = model._meta.db_table, field.column, model._meta.pk.column
        last: Any = None
        count = 0
        while True:
            with transaction.atomic(), connection.cursor() as cursor:
                after = f'AND "{key}" > %s' if last is not None else ""
                cursor.execute(
                    f'SELECT "{key}", "{column}" FROM "{table}" WHERE "{column}" <> \'\' {after} ORDER BY "{key}" LIMIT {CHUNK} FOR UPDATE',  # noqa: S608
                    [last] if last is not None else [],
                )
                rows = cursor.fetchall()
                if not rows:
                    return count
                last = rows[-1][0]
                changed = [(pk, token) for pk, old in rows if (token := self._again(old, newest, model, pk)) != old]
                if changed:
                    execute_values(
                        cursor.cursor,
                        f'UPDATE "{table}" SET "{column}" = v.token FROM (VALUES %s) AS v (pk, token) WHERE "{key}" = v.pk',  # noqa: S608
                        changed,
                        page_size=CHUNK,
                    )
                    audit.record(
                        "keys.rotated", by="manage.py", target=f"{model._meta.label_lower}.{field.name}",
                        note=f"{changed[0][0]}–{changed[-1][0]}: {len(changed)}",
                    )  # fmt: skip
                    count += len(changed)

    def _rotate_files(self, model: type[models.Model], name: str) -> int:
        """Files that never end, one transaction and one event each: the new one is there before the old one goes."""
        count = 0
        rows = model._base_manager.exclude(**{name: ""}).order_by("pk").values_list("pk", name)
        for pk, old in rows.iterator(chunk_size=CHUNK):
            try:
                if vault.is_newest(old, settings.FIELD_KEYS[0]):
                    continue
                data = vault.get(old)
            except FileNotFoundError:
                self.stderr.write(
                    _("找不到文件 %(file)s（%(row)s）。") % {"file": old, "row": f"{model._meta.label_lower}/{pk}"}
                )
                continue
            fresh = vault.put(old.removesuffix(".enc"), data)
            with transaction.atomic():
                if not model._base_manager.filter(pk=pk, **{name: old}).update(**{name: fresh}):
                    vault.remove(fresh)  # somebody has just written another one
                    continue
                audit.record("keys.rotated", by="manage.py", target=f"{model._meta.label_lower}/{pk}", note=name)
                transaction.on_commit(partial(vault.remove, old))
            count += 1
        return count

    def _again(self, token: str, newest: Fernet, model: type[models.Model], pk: Any) -> str:
        try:
            newest.decrypt(token.encode())
        except InvalidToken:
            pass
        else:
            return token
        try:
            return pii.cipher().rotate(token.encode()).decode()
        except InvalidToken:
            raise CommandError(
                _("%(row)s 的加密内容没有一个密钥能解开。请把丢失的密钥补进 YIHU_FIELD_KEYS 后重新运行。")
                % {"row": f"{model._meta.label_lower}/{pk}"}
            )
