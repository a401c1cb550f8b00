"""What is needed to start: addresses, database, key material. Flags > environment > ostiary.toml > defaults."""

import ipaddress
import os
import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ostiary.account_rules import BadAccount, check_password, check_username
from ostiary.secret import Secret

EX_CONFIG = 78
"""The exit code of a program that must not be started again as it is (sysexits.h)."""


class ConfigError(Exception):
    """The configuration cannot work; the message names the variable and says what to do."""


DATA = "OSTIARY_DATA"
FILE = "ostiary.toml"


@dataclass(frozen=True, slots=True)
class Option:
    """One line of the operator's contract. In ostiary.toml it is written in lower case without the prefix."""

    name: str
    default: str
    help: str

    @property
    def toml_key(self) -> str:
        """The key in ostiary.toml; empty for the folder that the file itself lies in."""
        return "" if self.name == DATA else self.name.removeprefix("OSTIARY_").lower()


OPTIONS = (
    Option(DATA, "./var", "data folder: SQLite file, key file, ostiary.toml, log/, languages/, theme/"),
    Option("OSTIARY_KEY_FILE", "", "key-encryption key; every node of one database must be given the same"),
    Option("OSTIARY_DATABASE_URL", "", "postgresql://… (default: SQLite in the data folder)"),
    Option("OSTIARY_ISSUER", "", "public base URL of the runtime, which is the issuer"),
    Option("OSTIARY_RUNTIME_BIND", "127.0.0.1:9031", "address and port of the runtime"),
    Option("OSTIARY_ADMIN_BIND", "127.0.0.1:9999", "address and port of the administration"),
    Option("OSTIARY_ADMIN_URL", "", "public base URL of the administration"),
    Option("OSTIARY_MTLS_BIND", "", "second TLS port that asks for client certificates (default: off)"),
    Option("OSTIARY_TLS_CERT", "", "PEM file with the server certificate and its chain"),
    Option("OSTIARY_TLS_KEY", "", "PEM file with the private key of that certificate"),
    Option("OSTIARY_TLS", "", "self-signed: make a certificate at first start"),
    Option("OSTIARY_BEHIND_PROXY", "", "1: plain http on any address, because a proxy in front speaks TLS"),
    Option("OSTIARY_WORKERS", "1", "runtime processes sharing the runtime port"),
    Option("OSTIARY_TRUSTED_PROXIES", "", "addresses or networks whose forwarded headers are honoured, by comma"),
    Option("OSTIARY_OUTBOUND_ALLOW", "", "networks the server may call besides public addresses, by comma"),
    Option("OSTIARY_OUTBOUND_CA", "", "PEM file of further authorities trusted on outgoing calls"),
    Option("OSTIARY_ADMIN_USER", "", "creates this administrator at first start instead of a generated one"),
    Option("OSTIARY_ADMIN_PASSWORD", "", "the password of that administrator"),
    Option("OSTIARY_SERVICE_USER", "", "creates this service account at first start instead of a generated one"),
    Option("OSTIARY_SERVICE_PASSWORD", "", "the password of that service account"),
    Option("OSTIARY_METRICS_TOKEN", "", "bearer token that opens /metrics on the administration port"),
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Bind:
    """An address and port to listen on; port 0 asks the system for one."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host == "localhost" or _is_loopback(self.host)

    @property
    def is_wildcard(self) -> bool:
        """Whether it listens on every address."""
        return self.host in {"0.0.0.0", "::", ""}  # noqa: S104 - recognised here, bound only when asked for

    def at(self, port: int) -> "Bind":
        """The same host with the port that the system gave."""
        return Bind(self.host, port)

    @property
    def authority(self) -> str:
        """host:port as it stands in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """How log/runtime-api.log is written; which events are in it cannot be changed."""

    format: str = "bar"
    """``bar``: seven fields separated by `` | ``; ``json``: one object a line."""
    level: str = "normal"
    """``normal``, or ``headers`` to add the request's headers, without credentials, and the TLS version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything `serve` and the other commands start from."""

    data: Path
    key_file: Path
    database_url: str
    issuer: str
    """Empty until the runtime port is bound, when nobody set it."""
    runtime_bind: Bind
    admin_bind: Bind
    admin_url: str
    mtls_bind: Bind | None
    tls_cert: str
    tls_key: str
    tls_self_signed: bool
    behind_proxy: bool
    workers: int
    trusted_proxies: tuple[Network, ...]
    outbound_allow: tuple[Network, ...]
    outbound_ca: str
    first_admin: tuple[str, Secret] | None
    first_service: tuple[str, Secret] | None
    metrics_token: Secret
    demo: bool
    log: LogConfig

    @property
    def has_tls(self) -> bool:
        """Whether the ports speak TLS themselves."""
        return bool(self.tls_cert) or self.tls_self_signed


def load(
    flags: Mapping[str, str] | None = None, environment: Mapping[str, str] | None = None, *, demo: bool = False
) -> Config:
    """Read the configuration; raises `ConfigError` with what to mend."""
    flags = flags or {}
    environment = os.environ if environment is None else environment
    data = Path(flags.get(DATA) or environment.get(DATA) or _BY_NAME[DATA].default).resolve()
    file = _toml(data / FILE)
    given = {key: _text(key, value) for key, value in file.items() if key != "log"}

    def value(name: str) -> str:
        option = _BY_NAME[name]
        return flags.get(name) or environment.get(name) or given.get(option.toml_key) or option.default

    config = Config(
        data=data,
        key_file=Path(value("OSTIARY_KEY_FILE") or data / "ostiary.key"),
        database_url=_database_url(value("OSTIARY_DATABASE_URL"), data),
        issuer=_base_url("OSTIARY_ISSUER", value("OSTIARY_ISSUER")),
        runtime_bind=_bind("OSTIARY_RUNTIME_BIND", value("OSTIARY_RUNTIME_BIND")),
        admin_bind=_bind("OSTIARY_ADMIN_BIND", value("OSTIARY_ADMIN_BIND")),
        admin_url=_base_url("OSTIARY_ADMIN_URL", value("OSTIARY_ADMIN_URL")),
        mtls_bind=_bind("OSTIARY_MTLS_BIND", text) if (text := value("OSTIARY_MTLS_BIND")) else None,
        tls_cert=value("OSTIARY_TLS_CERT"),
        tls_key=value("OSTIARY_TLS_KEY"),
        tls_self_signed=_tls_mode(value("OSTIARY_TLS")),
        behind_proxy=_switch("OSTIARY_BEHIND_PROXY", value("OSTIARY_BEHIND_PROXY")),
        workers=_workers(value("OSTIARY_WORKERS")),
        trusted_proxies=_networks("OSTIARY_TRUSTED_PROXIES", value("OSTIARY_TRUSTED_PROXIES")),
        outbound_allow=_networks("OSTIARY_OUTBOUND_ALLOW", value("OSTIARY_OUTBOUND_ALLOW")),
        outbound_ca=_authorities("OSTIARY_OUTBOUND_CA", value("OSTIARY_OUTBOUND_CA")),
        first_admin=_account("ADMIN", value("OSTIARY_ADMIN_USER"), value("OSTIARY_ADMIN_PASSWORD")),
        first_service=_account("SERVICE", value("OSTIARY_SERVICE_USER"), value("OSTIARY_SERVICE_PASSWORD")),
        metrics_token=Secret(value("OSTIARY_METRICS_TOKEN")),
        demo=demo,
        log=_log(file.get("log", {})),
    )
    _check(config)
    return config


def default_issuer(config: Config, port: int) -> str:
    """The issuer when nobody set one: the bound address, https with TLS."""
    scheme = "https" if config.has_tls else "http"
    return f"{scheme}://{config.runtime_bind.at(port).authority}"


def check_demo(issuer: str) -> None:
    """The demo's passwords are shown on the screen: refuse it where others could reach it. Raises `ConfigError`."""
    host = urlsplit(issuer).hostname or ""
    if host != "localhost" and not _is_loopback(host):
        raise ConfigError(f"--demo is only for this machine, but the issuer is {issuer}; leave --demo out")


_BY_NAME = {option.name: option for option in OPTIONS}


def _check(config: Config) -> None:
    for name, bind in (("OSTIARY_RUNTIME_BIND", config.runtime_bind), ("OSTIARY_ADMIN_BIND", config.admin_bind)):
        if not (bind.is_loopback or config.has_tls or config.behind_proxy):
            raise ConfigError(
                f"{name} is {bind.authority}: plain http is only for loopback. Give OSTIARY_TLS_CERT and"
                " OSTIARY_TLS_KEY, or OSTIARY_TLS=self-signed, or OSTIARY_BEHIND_PROXY=1 when a proxy speaks TLS"
            )
    if config.runtime_bind.is_wildcard and not config.issuer:
        raise ConfigError("OSTIARY_ISSUER must be set when OSTIARY_RUNTIME_BIND listens on every address")
    if bool(config.tls_cert) != bool(config.tls_key):
        raise ConfigError("OSTIARY_TLS_CERT and OSTIARY_TLS_KEY go together")
    if config.mtls_bind is not None and not config.has_tls:
        raise ConfigError("OSTIARY_MTLS_BIND needs TLS: give OSTIARY_TLS_CERT and OSTIARY_TLS_KEY, or OSTIARY_TLS")
    if config.demo and config.issuer:
        check_demo(config.issuer)


def _toml(path: Path) -> dict[str, Any]:
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read: {problem.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ConfigError(f"{path}: {problem}") from None
    if "data" in file:
        raise ConfigError(f"{path}: data is not set in this file, which lies in the data folder; give {DATA}")
    unknown = sorted(file.keys() - {option.toml_key for option in OPTIONS} - {"log"})
    if unknown:
        raise ConfigError(f"{path}: unknown keys: {', '.join(unknown)}")
    return file


def _text(key: str, value: object) -> str:
    """A value of ostiary.toml as the environment would hold it."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if not isinstance(value, str | int):
        raise ConfigError(f"in {FILE}, {key} is a text")
    return str(value)


def _database_url(text: str, data: Path) -> str:
    if not text:
        return f"sqlite:///{data / 'ostiary.db'}"
    if text.startswith("postgres://"):
        return "postgresql://" + text.removeprefix("postgres://")
    if not text.startswith(("postgresql://", "sqlite:///")) or text == "sqlite:///":
        raise ConfigError("OSTIARY_DATABASE_URL is postgresql://… or sqlite:///PATH")
    return text


def _base_url(name: str, text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as problem:
        raise ConfigError(f"{name} is no URL ({problem}): {text}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigError(f"{name} is an http or https URL without query and fragment, not {text}")
    if parts.scheme == "http" and parts.hostname != "localhost" and not _is_loopback(parts.hostname):
        raise ConfigError(f"{name} must be https, unless it is on loopback: {text}")
    return text.rstrip("/")


def _bind(name: str, text: str) -> Bind:
    host, colon, port = text.rpartition(":")
    if not colon or not _is_number(port, 65535):
        raise ConfigError(f"{name} is ADDRESS:PORT, not {text}")
    return Bind(host.strip("[]"), int(port))


def _switch(name: str, text: str) -> bool:
    if text not in {"", "0", "1"}:
        raise ConfigError(f"{name} is 1 or 0, not {text}")
    return text == "1"


def _authorities(name: str, file: str) -> str:
    """The name of a PEM file, once it is sure that there are certificates in it."""
    if not file:
        return ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=file)
    except ssl.SSLError:
        raise ConfigError(f"{name}: {file} holds no certificates in PEM") from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise ConfigError(f"{name}: {file} cannot be read: {reason}") from None
    if not context.cert_store_stats()["x509"]:
        raise ConfigError(f"{name}: {file} holds no certificates in PEM")
    return file


def _tls_mode(text: str) -> bool:
    if text not in {"", "self-signed"}:
        raise ConfigError(f"OSTIARY_TLS knows only self-signed, not {text}")
    return text == "self-signed"


def _workers(text: str) -> int:
    if not _is_number(text, 256) or int(text) < 1:
        raise ConfigError(f"OSTIARY_WORKERS is a number from 1 to 256, not {text}")
    return int(text)


def _is_number(text: str, at_most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= at_most


def _networks(name: str, text: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as problem:
        raise ConfigError(f"{name}: {problem}") from None


def _account(which: str, user: str, password: str) -> tuple[str, Secret] | None:
    if bool(user) != bool(password):
        raise ConfigError(f"OSTIARY_{which}_USER and OSTIARY_{which}_PASSWORD go together")
    if not user:
        return None
    try:
        check_username(user, for_basic=True)
    except BadAccount as problem:
        raise ConfigError(f"OSTIARY_{which}_USER: {problem}") from None
    try:
        check_password(user, password)
    except BadAccount as problem:
        raise ConfigError(f"OSTIARY_{which}_PASSWORD: {problem}") from None
    return user, Secret(password)


def _log(table: object) -> LogConfig:
    if not isinstance(table, dict) or set(table) - {"format", "level"}:
        raise ConfigError(f"the table [log] of {FILE} knows format and level")
    log = LogConfig(**{key: str(value) for key, value in table.items()})
    if log.format not in {"bar", "json"} or log.level not in {"normal", "headers"}:
        raise ConfigError(f"in [log] of {FILE}, format is bar or json, and level is normal or headers")
    return log


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
