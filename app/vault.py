"""What must not be read from the disk alone: credentials, links and, where set, recordings; sealed with Fernet."""

import os
from functools import cached_property
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.settings import Settings
from models.errors import SecretUnreadable

KEY_FILE = "secret.key"
SEALED = b"gAAAAA"  # what everything sealed begins with: Fernet's version, and a time before the year 2106


class Vault:
    """Seals and opens. The key is the settings', or a file in the data folder that is made when first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def seal(self, text: str) -> str:
        return self.seal_bytes(text.encode()).decode()

    def open(self, sealed: str) -> str:
        return self.open_bytes(sealed.encode()).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise SecretUnreadable(
                f"What is stored encrypted cannot be read: the key in {self._key_name} is another one now."
            ) from error

    @cached_property
    def _fernet(self) -> MultiFernet:
        """The first key seals, every key opens, so that a key can be replaced by a new one before it."""
        given = self.settings.secret_key
        keys = given.get_secret_value() if given else _key_of(self.settings.data_dir / KEY_FILE)
        try:
            return MultiFernet([Fernet(key) for key in keys.split()])
        except ValueError as error:
            raise SecretUnreadable(
                f"{self._key_name} does not hold a Fernet key (32 bytes, URL-safe base64)."
            ) from error

    @property
    def _key_name(self) -> str:
        return "AFTERBEEP_SECRET_KEY" if self.settings.secret_key else KEY_FILE


def _key_of(path: Path) -> str:
    """Readable for the owner only. Of two processes that make it at once, both use what was there first."""
    if not path.exists():
        new = path.with_name(f"{KEY_FILE}.{os.getpid()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        finally:
            new.unlink()
    return path.read_text("ascii")
