"""Settings that are secrets can lie in files: EVANTR_STORE_FILE names the file that holds EVANTR_STORE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

SECRETS = frozenset({"store", "queue", "bus", "secret", "heartbeat_secret", "admin_token"})
MOST_BYTES = 10_000


class BadSecretFile(Exception):
    """A sentence that names the variable and the file, and never what is in it."""


class SecretFiles(PydanticBaseSettingsSource):
    """Reads what EVANTR_<SECRET>_FILE names, in the environment or in .env. Raises BadSecretFile."""

    def __init__(self, settings: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        """``sources``: where variables are looked up, the first one wins."""
        super().__init__(settings)
        self._variables: dict[str, str] = {}
        for source in reversed(sources):
            assert isinstance(source, EnvSettingsSource)
            self._variables |= {name: value for name, value in source.env_vars.items() if value}
        self._prefix = str(settings.model_config.get("env_prefix", "")).lower()

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """As the base class wants it: value, key, whether it is to be parsed further."""
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return {name: self._read(name, file) for name in sorted(SECRETS) if (file := self._named(name))}

    def _named(self, name: str) -> str | None:
        """The file of that setting, if one is named."""
        file = self._variables.get(f"{self._prefix}{name}_file")
        if file and f"{self._prefix}{name}" in self._variables:
            variable = f"{self._prefix}{name}".upper()
            raise BadSecretFile(f"{variable} and {variable}_FILE are both set. Set one of them.")
        return file

    def _read(self, name: str, file: str) -> str:
        variable = f"{self._prefix}{name}_FILE".upper()
        try:
            with Path(file).open("rb") as opened:
                raw = opened.read(MOST_BYTES + 1)
            text = raw.decode()
        except OSError as error:
            raise BadSecretFile(f"{variable}: {file} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise BadSecretFile(f"{variable}: {file} is no text in UTF-8.") from None
        return _one_line(text, variable, file)


def _one_line(text: str, variable: str, file: str) -> str:
    """Without the line break that editors leave at the end; an empty secret is a mistake, never "none"."""
    value = text.strip()
    if not value:
        raise BadSecretFile(f"{variable}: {file} is empty.")
    if len(text.encode()) > MOST_BYTES:
        raise BadSecretFile(f"{variable}: {file} is too large for a secret.")
    if len(value.splitlines()) > 1:
        raise BadSecretFile(f"{variable}: {file} holds more than one line.")
    return value


def hidden(address: str) -> str:
    """An address with what stands between :// and @ left out."""
    scheme, found, rest = address.partition("://")
    if not found or "@" not in rest:
        return address
    return f"{scheme}://…@{rest.rpartition('@')[2]}"
