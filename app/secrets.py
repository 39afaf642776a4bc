"""What must not be guessed: tokens, and passwords as argon2 keeps them."""

import hashlib
import secrets
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


def new_token() -> str:
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """By what a token is found again. It is long and random, so a plain hash does not give it away."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher()


def hashed_password(password: str) -> str:
    return _hasher().hash(password)


@cache
def _nobodys_hash() -> str:
    return hashed_password(new_token())


def is_password(password: str, kept: str | None) -> bool:
    """Whether it is the one kept. Takes as long where none is, so that time does not tell who has an account."""
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return _hasher().verify(kept or _nobodys_hash(), password) and kept is not None
    except (Argon2Error, InvalidHashError):
        return False
