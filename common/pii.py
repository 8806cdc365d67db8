"""Personal data at rest: encrypted with rotatable keys, found by a keyed hash, shown masked.

The cipher is `cryptography`'s Fernet (AES-128-CBC and HMAC-SHA-256, authenticated), several keys at once through MultiFernet:
the first of `settings.FIELD_KEYS` encrypts, all of them decrypt, and `manage.py rotate_keys` rewrites what older keys wrote.
"""

from __future__ import annotations

import base64
import functools
import hmac
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

HIDDEN = "＊＊＊"
KINDS = ("id", "phone", "account", "survey")  # of keyed hashes
ID_LENGTH = 18  # characters of an ID number


@functools.cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """The cipher of the current keys (files use it too)."""
    return _cipher(tuple(settings.FIELD_KEYS))


def encrypt(text: str) -> str:
    """An encrypted token of `text`; two calls give two different tokens."""
    return cipher().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text of a token. Raises `cryptography.fernet.InvalidToken` where no key fits or a byte was changed."""
    return cipher().decrypt(token.encode()).decode()


def lookup_hash(kind: str, text: str) -> str:
    """A keyed hash for exact look-up, 22 characters; the same text under another `kind` hashes differently. "" stays ""."""
    if not text:
        return ""
    digest = hmac.digest(settings.LOOKUP_KEY.encode(), f"{kind}:{text}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:16])[:22].decode()


class Secret:
    """A decrypted value only on request: printing, logging or comparing it shows nothing."""

    __slots__ = ("token",)

    def __init__(self, token: str) -> None:
        self.token = token

    def reveal(self) -> str:
        """The plain text. Whoever calls this has asked for a permission and a reason first and logged both."""
        return decrypt(self.token) if self.token else ""

    def __bool__(self) -> bool:
        return bool(self.token)

    def __str__(self) -> str:
        return HIDDEN if self.token else ""

    __repr__ = __str__


class SecretField(models.TextField):
    """A text column that holds tokens. Assign plain text or a `Secret`; reading gives a `Secret`."""

    if TYPE_CHECKING:  # what django-stubs reads: the types of assigning and of reading
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, Secret):
            return value.token
        return encrypt(value) if value else ""

    def value_to_string(self, obj: models.Model) -> str:
        return HIDDEN


class Sealed(NamedTuple):
    """The three columns of one secret value: what is stored, what is searched, what is shown."""

    secret: Secret
    hash: str
    masked: str


def seal_id_number(number: str, base: str = "") -> Sealed:
    """`base` is what makes two numbers the same person (the first 18 characters); it is what the hash is made of."""
    return Sealed(_token(number), lookup_hash("id", base or number), mask_id(number))


def seal_phone(phone: str) -> Sealed:
    return Sealed(_token(phone), lookup_hash("phone", phone), mask_phone(phone))


def seal_account(account: str) -> Sealed:
    return Sealed(_token(account), lookup_hash("account", account), mask_account(account))


def _token(text: str) -> Secret:
    return Secret(encrypt(text) if text else "")


def is_genuine(secret: Secret | None, stored_hash: str) -> bool:
    """Whether a stored token opens with our keys and its text is what the keyed hash beside it was made of."""
    if not secret:
        return not stored_hash
    try:
        text = secret.reveal()
    except InvalidToken:
        return False
    bases = {text, text[:ID_LENGTH]}  # a disability certificate is hashed by the ID number it begins with
    return any(hmac.compare_digest(lookup_hash(kind, base), stored_hash) for kind in KINDS for base in bases)


LONG_NUMBER = re.compile(r"\d{11,}[Xx]?")


def without_numbers(text: str) -> str:
    """A text with whatever is as long as a phone, ID or account number hidden; for what nobody composed with care."""
    return LONG_NUMBER.sub(HIDDEN, text)


def mask_id(number: str) -> str:
    """First four and last four characters of the ID number stay: 5301**********002X.

    A disability certificate begins with the ID number; what it adds (kind and level) is starred, so that the mask ends where people's
    own last four digits end: 5301**********002X**.
    """
    base, more = number[:ID_LENGTH], number[ID_LENGTH:]
    shown = base[:4] + "*" * (len(base) - 8) + base[-4:] if len(base) > 8 else "*" * len(base)
    return shown + "*" * len(more)


def mask_phone(phone: str) -> str:
    """First three and last four digits stay: 138****0000."""
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:] if len(phone) > 7 else "*" * len(phone)


def mask_account(account: str) -> str:
    """Only the last four digits stay."""
    return "*" * max(len(account) - 4, 0) + account[-4:] if len(account) > 4 else "*" * len(account)
