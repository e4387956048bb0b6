"""Configuration: declared defaults in this package, overridden by ``TURNOUT_*`` environment values.

A value from the environment is converted to the type its key is declared with in ``config/base.py``
(or that Flask itself declares), so an all-digit password stays text. A key nobody declared, a value
that does not convert, and a missing production setting are refused together, in one readable list.
"""

from __future__ import annotations

import difflib
import secrets
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from config.base import Base
from config.development import Development
from config.production import Production
from config.testing import Testing

PREFIX = "TURNOUT_"
ENVIRONMENTS: dict[str, type[Base]] = {
    "development": Development,
    "testing": Testing,
    "production": Production,
}
# Names with our prefix that are read by scripts around the app and are no setting of the app itself.
NOT_SETTINGS = {"ENV", "TEST_DATABASE_URI"}
MIN_SECRET_BYTES = 32


class ConfigError(Exception):
    """Configuration that cannot be used; ``problems`` has one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Turnout cannot start:\n" + "\n".join(f"  - {p}" for p in problems))


def environment(environ: Mapping[str, str], *, on_command_line: bool) -> str:
    """The environment's name: ``TURNOUT_ENV`` if set; production under a server; on the command line
    development, until a secret key is configured."""
    if named := environ.get(PREFIX + "ENV"):
        return named
    configured = bool(environ.get(PREFIX + "SECRET_KEY"))
    return "development" if on_command_line and not configured else "production"


def declared_types() -> dict[str, Any]:
    """Every key that may be set, with its type: Flask's own first, then ours."""
    flask_types: dict[str, Any] = {
        key: (str if value is None else type(value)) for key, value in Flask.default_config.items()
    }
    return flask_types | typing.get_type_hints(Base)


def convert(raw: str, wanted: Any) -> Any:
    """Turns environment text into the declared type. Raises ValueError with a readable reason."""
    if typing.get_origin(wanted) in (types.UnionType, typing.Union):
        if raw == "":
            return None
        wanted = next(t for t in typing.get_args(wanted) if t is not type(None))
    if wanted is bool:
        if raw.lower() in ("1", "true", "yes", "on"):
            return True
        if raw.lower() in ("0", "false", "no", "off", ""):
            return False
        raise ValueError("must be 1 or 0")
    if wanted is int or wanted is float:
        try:
            return wanted(raw)
        except ValueError:
            raise ValueError(
                f"must be a {'whole ' if wanted is int else ''}number, not {raw!r}"
            ) from None
    if typing.get_origin(wanted) is list:
        return [part.strip() for part in raw.split(",") if part.strip()]
    if wanted is str:
        return raw
    raise ValueError("cannot be set from the environment")


def from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Reads ``TURNOUT_*``; answers the values and one sentence for each that cannot be used."""
    known = declared_types()
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, raw in sorted(environ.items()):
        key = name.removeprefix(PREFIX)
        if key == name or key in NOT_SETTINGS:
            continue
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {PREFIX}{near[0]}?" if near else "."
            problems.append(f"{name} is not a setting of Turnout{hint}")
            continue
        try:
            values[key] = convert(raw, known[key])
        except ValueError as error:
            problems.append(f"{name} {error}")
    return values, problems


def load(
    environment: str, environ: Mapping[str, str], instance: Path, **overrides: Any
) -> dict[str, Any]:
    """The whole configuration for one environment. Raises ConfigError naming every fault at once."""
    if environment not in ENVIRONMENTS:
        raise ConfigError(
            [f"{PREFIX}ENV is {environment!r}; it must be one of {', '.join(ENVIRONMENTS)}."]
        )
    kind = ENVIRONMENTS[environment]
    values: dict[str, Any] = {key: getattr(kind, key) for key in dir(kind) if key.isupper()}
    given, problems = from_environment(environ)
    values |= given | overrides
    values["ENVIRONMENT"] = environment
    if not values["SQLALCHEMY_DATABASE_URI"]:
        values["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{instance / 'turnout.sqlite3'}"
    if kind.BASE_IS_LOCAL and not values["BASE_URL"]:
        values["BASE_URL"] = _own_address(values["HOST"], values["PORT"])
    if kind.SECRET_IS_MADE and not values["SECRET_KEY"]:
        values["SECRET_KEY"] = _kept_secret(instance)
    problems += kind.refusals(values)
    if values["SECRET_KEY"] and len(values["SECRET_KEY"].encode()) < MIN_SECRET_BYTES:
        problems.append(
            f"TURNOUT_SECRET_KEY is too short: {MIN_SECRET_BYTES} bytes or more are needed "
            "(python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes one)."
        )
    if problems:
        raise ConfigError(problems)
    return values


def _own_address(host: str, port: int) -> str:
    """Where a browser on this machine finds it: who listens everywhere is not called "everywhere"."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - an address to link to, not one to listen at
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _kept_secret(instance: Path) -> str:
    """A development secret, made once and kept, so that links and sessions survive a restart."""
    path = instance / "secret_key"
    if not path.exists():
        instance.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()
