"""What stands between a member of the cast and a page: gates with the answer they owe, doors with their gate. Used by `tests.test_doors` and by the
`doors` module of each package."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from accounts.roles import GRANTS, Permission, Role

P = Permission


@dataclass(frozen=True)
class Who:
    """One member of the cast: a role at a region's path, or paired with the household in `village`."""

    name: str
    role: Role | None
    path: str
    outside: str  # the place that tests the edge of this one's area

    @property
    def grants(self) -> frozenset[Permission]:
        return GRANTS[self.role] if self.role else frozenset()

    def holds_in(self, permission: Permission, path: str) -> bool:
        return self.role != Role.HELPER and permission in self.grants and path.startswith(self.path)

    def holds_on_household(self, permission: Permission, place: Place) -> bool:
        if self.role == Role.HELPER:
            return permission in self.grants and place.name == "village"
        return self.holds_in(permission, place.village.path)


@dataclass
class Place:
    """A village and one row of every kind in it."""

    name: str
    village: Any
    township: Any
    rows: dict[str, Any]


@dataclass(frozen=True)
class Household:
    """A household, or something that hangs off it: `see` shows it, `act` (the same by default) opens the door."""

    see: Permission
    act: Permission | None = None

    def expected(self, who: Who, place: Place) -> int:
        if who.holds_on_household(self.act or self.see, place):
            return 200
        return 403 if who.holds_on_household(self.see, place) else 404

    def __str__(self) -> str:
        return self.see if self.act in (None, self.see) else f"{self.act} (to see: {self.see})"


@dataclass(frozen=True)
class Listed:
    """A household, or something that hangs off it, in the API: who holds the permission nowhere is refused before any row is looked for."""

    permission: Permission

    def expected(self, who: Who, place: Place) -> int:
        if self.permission not in who.grants:
            return 403
        return 200 if who.holds_on_household(self.permission, place) else 404

    def __str__(self) -> str:
        return f"{self.permission}"


@dataclass(frozen=True)
class There:
    """A village, or something of a village, seen and acted on where a posting grants it: a helper has households, not villages."""

    see: Permission
    act: Permission | None = None

    def expected(self, who: Who, place: Place) -> int:
        if not who.holds_in(self.see, place.village.path):
            return 404
        return 200 if who.holds_in(self.act or self.see, place.village.path) else 403

    def __str__(self) -> str:
        act = f"{self.act} (to see: {self.see})" if self.act else f"{self.see}"
        return f"{act}, in the village"


@dataclass(frozen=True)
class Village(There):
    """The same, on a page that refuses whoever sees no household anywhere before it looks for a village."""

    def expected(self, who: Who, place: Place) -> int:
        return super().expected(who, place) if self.see in who.grants else 403


@dataclass(frozen=True)
class Above:
    """A row of the place's county that the whole county and whoever looks down on it may see, as cadres of county units. Who holds the permission
    nowhere is refused before any row is looked for; `act` is held anywhere, which rows one may touch the verb asks."""

    see: Permission
    act: Permission | None = None

    def expected(self, who: Who, place: Place) -> int:
        if (self.act or self.see) not in who.grants:
            return 403
        county = place.township.parent.path
        return 200 if county.startswith(who.path) or who.path.startswith(county) else 404

    def __str__(self) -> str:
        return f"{self.see} in the county" + (f", {self.act} somewhere" if self.act else "")


@dataclass(frozen=True)
class Counted:
    """Something of a village on a page that refuses whoever holds the permission nowhere: 404 outside the own area."""

    permission: Permission

    def expected(self, who: Who, place: Place) -> int:
        if self.permission not in who.grants:
            return 403
        return 200 if who.holds_in(self.permission, place.village.path) else 404

    def __str__(self) -> str:
        return f"{self.permission}, in the area"


@dataclass(frozen=True)
class Menu:
    """A page about no row in particular: the permission is held somewhere."""

    permission: Permission

    def expected(self, who: Who, place: Place) -> int:
        return 200 if self.permission in who.grants else 403

    def __str__(self) -> str:
        return f"{self.permission}, somewhere"


@dataclass(frozen=True)
class Area:
    """An account or a region of the own area. Who holds the permission nowhere is refused before any row is looked for."""

    permission: Permission
    like: Role | None = None  # and everything that this role may do: nobody gives, or takes over, what they do not hold

    def expected(self, who: Who, place: Place) -> int:
        if self.permission not in who.grants:
            return 403
        if not who.holds_in(self.permission, place.village.path):
            return 404
        return 200 if self.like is None or GRANTS[self.like] <= who.grants else 403

    def __str__(self) -> str:
        return f"{self.permission}, in the area" + (" and all that the account may do" if self.like else "")


@dataclass(frozen=True)
class OwnKind:
    """A measure or delivery of a kind that one's department answers for, in its area; with `foreign`, of another department's."""

    foreign: bool = False

    def expected(self, who: Who, place: Place) -> int:
        if P.MEASURE_DEPARTMENT not in who.grants:
            return 403
        return 404 if self.foreign or not who.holds_in(P.MEASURE_DEPARTMENT, place.village.path) else 200

    def __str__(self) -> str:
        return f"{P.MEASURE_DEPARTMENT} in the area, " + (
            "never of another department" if self.foreign else "of the own department"
        )


@dataclass(frozen=True)
class Shown:
    """A photo of what was delivered: seen with the household, and by the department whose kind it is."""

    def expected(self, who: Who, place: Place) -> int:
        sees = who.holds_on_household(P.HOUSEHOLD_VIEW, place) or who.holds_in(P.MEASURE_DEPARTMENT, place.village.path)
        return 200 if sees else 404

    def __str__(self) -> str:
        return f"{P.HOUSEHOLD_VIEW}, or {P.MEASURE_DEPARTMENT} of the own department"


@dataclass(frozen=True)
class Purse:
    """A fund of the place's county. It is seen from the county, from above and from below, whence it is spent; it is kept in the county."""

    act: Permission | None = None

    def expected(self, who: Who, place: Place) -> int:
        if P.FUND_VIEW not in who.grants:
            return 403
        county = place.township.parent.path
        if not (county.startswith(who.path) or who.path.startswith(county)):
            return 404
        return 200 if self.act is None or who.holds_in(self.act, county) else 403

    def __str__(self) -> str:
        return f"{P.FUND_VIEW} in the county or below" + (f", {self.act} in the county" if self.act else "")


@dataclass(frozen=True)
class Payer(Purse):
    """A fund that one spends, from the county or below it."""

    def expected(self, who: Who, place: Place) -> int:
        seen = super().expected(who, place)
        return 403 if seen == 200 and P.FUND_PAY not in who.grants else seen

    def __str__(self) -> str:
        return f"{P.FUND_PAY} in the county or below"


@dataclass(frozen=True)
class Fill:
    """A household named in the request, in which one may fill surveys. Who fills none anywhere is refused first."""

    def expected(self, who: Who, place: Place) -> int:
        if P.SURVEY_FILL not in who.grants:
            return 403
        return 200 if who.holds_on_household(P.SURVEY_FILL, place) else 404

    def __str__(self) -> str:
        return f"{P.SURVEY_FILL} in the household"


@dataclass(frozen=True)
class Mine:
    """One's own, or of the accounts one looks after: of anything else nobody is told."""

    permission: Permission

    def expected(self, who: Who, place: Place) -> int:
        return 200 if who.holds_in(self.permission, place.village.path) else 404

    def __str__(self) -> str:
        return f"one's own, or {self.permission} in the area"


@dataclass(frozen=True)
class SignedIn:
    """Everybody with an account; what is shown is the user's own."""

    def expected(self, who: Who, place: Place) -> int:
        return 200

    def __str__(self) -> str:
        return "signed in"


@dataclass(frozen=True)
class Owner:
    """Only who asked for it (the township officer of the cast)."""

    def expected(self, who: Who, place: Place) -> int:
        return 200 if who.name == "officer" else 404

    def __str__(self) -> str:
        return "whoever asked for it"


@dataclass(frozen=True)
class Own:
    """The township officer's own, on a page that refuses whoever holds the permission nowhere."""

    permission: Permission

    def expected(self, who: Who, place: Place) -> int:
        if self.permission not in who.grants:
            return 403
        return 200 if who.name == "officer" else 404

    def __str__(self) -> str:
        return f"{self.permission} somewhere, whoever made it"


@dataclass(frozen=True)
class Door:
    """`row` names the scene's row behind each argument of the address. Allowed answers are `ok`, or any page or form for a POST."""

    method: str
    name: str
    gate: Any
    row: dict[str, Any] = field(default_factory=dict)
    ask: str = ""  # query string
    data: dict[str, Any] = field(default_factory=dict)
    ok: tuple[int, ...] = ()

    @property
    def answers(self) -> tuple[int, ...]:
        return self.ok or ((200,) if self.method == "GET" else (200, 302, 409, 422))

    def __str__(self) -> str:
        return f"{self.method} {self.name}{self.ask}"


def get(name: str, gate: Any, row: dict[str, Any] | None = None, **more: Any) -> list[Door]:
    return [Door("GET", name, gate, row or {}, **more)]


def post(name: str, gate: Any, row: dict[str, Any] | None = None, **more: Any) -> list[Door]:
    return [Door("POST", name, gate, row or {}, **more)]


def put(name: str, gate: Any, row: dict[str, Any] | None = None, **more: Any) -> list[Door]:
    return [Door("PUT", name, gate, row or {}, **more)]


def form(name: str, gate: Any, row: dict[str, Any] | None = None, **more: Any) -> list[Door]:
    """A page with a form: GET shows it, POST sends it."""
    return get(name, gate, row, **more) + post(name, gate, row, **more)
