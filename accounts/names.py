"""Who a user name is: what is kept beside facts are user names, what is shown are people's names."""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import User


def names_of(usernames: Iterable[str]) -> dict[str, str]:
    """`{user name: name}` of those that are accounts; one query, none for nobody."""
    wanted = {name for name in usernames if name}
    return dict(User.objects.filter(username__in=wanted).values_list("username", "name")) if wanted else {}
