"""Which departments there are is known some floors up: `catalogue` puts the question here when it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.roles import Role

LENGTH = 60
names: Callable[[], list[str]] = lambda: []  # noqa: E731  the departments of the catalogue, in order


def known_as(text: str, known: Iterable[str]) -> str:
    """The department that a unit's name means: 示范县教育局 is 教育局; "" where it is none."""
    plain = "".join(text.split())
    return max((name for name in known if plain.endswith(name)), key=len, default="")


def cleaned(role: str | None, text: str) -> str:
    """The department of a posting: one of the catalogue for who works in one, none for others. Raises ValidationError at `department`."""
    if role != Role.DEPARTMENT_USER:
        return ""
    name = text.strip()[:LENGTH]
    if not name:
        raise ValidationError({"department": [_("请选择这个人所在的部门，他只看到本部门的措施。")]})
    if name not in names():
        raise ValidationError(
            {"department": [_("帮扶措施目录里没有“%(name)s”主管的措施，请从列出的部门里选一个。") % {"name": name}]}
        )
    return name
