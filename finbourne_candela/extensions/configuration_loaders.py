"""The loaders of settings: the environment, secrets.json, a token file, arguments."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from typing import IO, Any, ClassVar, Optional, Union, cast

from finbourne_candela.extensions.api_configuration import ApiConfiguration
from finbourne_candela.extensions.file_access_token import FileAccessToken
from finbourne_candela.extensions.proxy_config import ProxyConfig
from finbourne_candela.extensions.settings import BY_NAME, SETTINGS, Provenance, Setting
from finbourne_candela.extensions.settings import ConfigurationLoader as ConfigurationLoader
from portal_client.exceptions import ApiValueError
from portal_client.secret import Hidden, Lost, Secret, Secrets
from portal_client.spelling import hint, warn

_log = logging.getLogger("finbourne_candela")


class EnvironmentVariablesConfigurationLoader:
    """Reads the settings from variables of the environment: FBN_TOKEN_URL, FBN_CANDELA_URL and so on."""

    kind: ClassVar[str] = "environment"

    def load_config(self) -> dict[str, object]:
        """Return the settings whose variables are set. Raises ApiValueError for an invalid number."""
        return Secrets({setting.name: self._value(setting) for setting in SETTINGS})

    def _value(self, setting: Setting) -> object:
        name = self.where(setting)
        text = os.environ.get(name)
        if not text or not setting.number:
            return text
        try:
            return int(text)
        except ValueError:
            raise ApiValueError(f"{name} must be a whole number, not {text!r}") from None

    def where(self, setting: Setting) -> str:
        """Return the name of the variable of a setting."""
        return next((name for name in setting.variables if os.environ.get(name)), setting.variables[0])

    def __str__(self) -> str:
        return "the environment"


class SecretsFileConfigurationLoader:
    """Reads the settings from a JSON file: `{"api": {"tokenUrl": ...}, "proxy": {"address": ...}}`.

    `api_secrets_file` is a path, or a file open for reading. A missing file has no settings.
    """

    kind: ClassVar[str] = "file"

    def __init__(self, api_secrets_file: Union[IO[Any], str, os.PathLike[str], None]) -> None:
        self._file = api_secrets_file
        self._missing = False
        self._found: dict[str, str] = {}

    def load_config(self) -> dict[str, object]:
        """Return the settings in the file.

        Raises ApiValueError, which names file and line, for one that cannot be read or is invalid.
        """
        text = self._text()
        self._missing = text is None
        content = Secrets() if text is None else self._parsed(text)
        self._found, values = {}, Secrets(dict.fromkeys(BY_NAME))
        for setting in SETTINGS:
            for key in setting.keys:
                section, _, name = key.partition(".")
                value = self._section(content, section).get(name)
                if value not in (None, ""):
                    self._found[setting.name], values[setting.name] = key, value
                    break
        self._warn_of_typos(content)
        return values

    def _warn_of_typos(self, content: Secrets) -> None:
        """Warn of keys similar to those of settings; any others may be those of other programs."""
        known = {key for setting in SETTINGS for key in setting.keys}
        for section in content:
            keys = cast("object", content[section])
            for name in cast("dict[str, Any]", keys) if isinstance(keys, dict) else ("",):
                key = f"{section}.{name}".rstrip(".")
                if key not in known and (meant := hint(key, known, _SIMILARITY)):
                    warn(f"{self.name}: {key} is not a setting{meant}", "finbourne_candela")

    def _text(self) -> Optional[str]:
        file = self._file
        if file is None or file == "":
            return None
        try:
            if not isinstance(file, (str, os.PathLike)):
                if file.seekable():
                    file.seek(0)
                text = file.read()
                return Hidden(text if isinstance(text, str) else text.decode("utf-8"))
            with open(file, encoding="utf-8") as opened:
                return Hidden(opened.read())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, UnicodeDecodeError) as error:
            problem = type(error).__name__
        raise ApiValueError(f"{self.name} cannot be read: {problem}")

    def _parsed(self, text: str) -> Secrets:
        try:
            content = json.loads(text.removeprefix("\ufeff"))
        except json.JSONDecodeError as error:
            problem = f", line {error.lineno}, column {error.colno}: {error.msg}"
        except RecursionError:
            problem = " is nested too deeply"
        else:
            if isinstance(content, dict):
                return Secrets(cast("dict[str, Any]", content))
            problem = f": it must be a JSON object, not {type(content).__name__}"
            del content  # tools print the variables of a traceback
        raise ApiValueError(self.name + problem)

    def _section(self, content: Secrets, name: str) -> Secrets:
        kind: type[object] = type(cast(object, content.get(name) or {}))
        if kind is not dict:
            raise ApiValueError(f"{self.name}: {name} must be a JSON object, not {kind.__name__}")
        return Secrets(content.get(name) or {})

    @property
    def name(self) -> str:
        """The path of the file, or a name where it has none."""
        file = self._file
        path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", "a secrets file")
        return str(path)

    def where(self, setting: Setting) -> str:
        """Return the file, and the key in it of a setting."""
        return f"{self.name}: {self._found.get(setting.name, setting.keys[0])}"

    def __str__(self) -> str:
        return f"{self.name} (not there)" if self._missing else self.name


class FileTokenConfigurationLoader:
    """Reads the access token from a file that another program updates.

    `access_token_location` is its path; None is the value of FBN_ACCESS_TOKEN_FILE when the settings are
    read, and an empty one stands for no file.
    """

    kind: ClassVar[str] = "file"

    def __init__(self, access_token_location: Union[str, os.PathLike[str], None] = None) -> None:
        self._location = access_token_location

    @property
    def access_token(self) -> Optional[FileAccessToken]:
        """The token in the file; None without a file."""
        location = os.environ.get(_TOKEN_FILE) if self._location is None else self._location
        return FileAccessToken(location) if location else None

    def load_config(self) -> dict[str, object]:
        """Return the access token; its file is not read yet."""
        return {"access_token": self.access_token}

    def where(self, setting: Setting) -> str:
        """Return the variable or path of the token's file; empty for any other setting."""
        place = _TOKEN_FILE if self._location is None else f"the token file {os.fspath(self._location)}"
        return place if setting.name == "access_token" else ""

    def __str__(self) -> str:
        place = self.where(BY_NAME["access_token"])
        return place if self.access_token else f"{place} (not set)"


class ArgsConfigurationLoader:
    """Holds settings as arguments; None leaves a setting to the other loaders."""

    kind: ClassVar[str] = "argument"

    def __init__(
        self,
        token_url: Optional[str] = None,
        api_url: Optional[str] = None,
        username: Optional[str] = None,
        password: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        app_name: Optional[str] = None,
        certificate_filename: Optional[str] = None,
        proxy_address: Optional[str] = None,
        proxy_username: Optional[str] = None,
        proxy_password: Optional[str] = None,
        access_token: Union[str, Callable[[], str], None] = None,
        total_timeout_ms: Optional[int] = None,
        connect_timeout_ms: Optional[int] = None,
        read_timeout_ms: Optional[int] = None,
        rate_limit_retries: Optional[int] = None,
    ) -> None:
        given = Secrets(locals())
        for setting in SETTINGS:
            value = given[setting.name]
            hides = setting.secret and isinstance(value, str)
            vars(self)[setting.name] = Secret(setting.name, value) if hides else value

    def load_config(self) -> dict[str, object]:
        """Return the arguments."""
        return Secrets({name: _revealed(value) for name, value in vars(self).items()})

    def where(self, setting: Setting) -> str:
        """Return the name of the argument of a setting."""
        return f"the argument {setting.name}"

    def __str__(self) -> str:
        return "the arguments"


def _revealed(value: object) -> object:
    if isinstance(value, Lost):
        value()
    return value.reveal() if isinstance(value, Secret) else value


#: The similarity of a typo, higher than for other names: all keys begin alike.
_SIMILARITY = 0.87
_TOKEN_FILE = "FBN_ACCESS_TOKEN_FILE"

#: The default loaders of a factory; the last one that has a setting wins.
default_config_loaders: tuple[ConfigurationLoader, ...] = (
    EnvironmentVariablesConfigurationLoader(),
    SecretsFileConfigurationLoader(api_secrets_file="secrets.json"),
    FileTokenConfigurationLoader(),
)


def get_api_configuration(config_loaders: Iterable[ConfigurationLoader]) -> ApiConfiguration:
    """Return the settings of loaders; the last one that has a setting wins.

    Logs a warning where a file overrides a variable of the environment. Raises ApiTypeError and
    ApiValueError, which name the source, for an invalid setting.
    """
    provenance = Provenance(config_loaders)
    values = provenance.values()
    for name in values:
        for variable in provenance.overridden(name):
            _log.warning("%s overrides %s, which is set", provenance.where(name), variable)
    proxy = [values.pop(name, None) for name in ("proxy_address", "proxy_username", "proxy_password")]
    configuration = ApiConfiguration(**values)
    configuration.provenance = provenance
    if proxy[0] is not None:
        with provenance.naming_source("proxy_address"):
            configuration.proxy_config = ProxyConfig(*proxy)
    return configuration
