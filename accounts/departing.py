"""What somebody must hand over before the account is closed: the floors that give people work say what of it is still theirs."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User

Holder = Callable[[User], str]
_holders: list[Holder] = []


def register(holder: Holder) -> Holder:
    """`holder(user)` says in words what the user still holds (结对农户 12 项), "" for nothing; called in `AppConfig.ready`."""
    if holder not in _holders:
        _holders.append(holder)
    return holder


def held_by(user: User) -> list[str]:
    """Everything that is still theirs, in words."""
    return [said for holder in _holders if (said := holder(user))]
