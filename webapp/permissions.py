"""Every route declares who may use it and how its unsafe requests are protected against forgery.

The declaration stands on the view (``@permission("event")``); the rule behind each name is registered
by the package that knows it (``@enforces("event")``), and one hook runs both for every request. A
route without a declaration stops the app from being made, so nobody can forget.

Permissions: ``public`` anybody; ``link`` the signed link in the address is the right; ``user`` a signed-in
person; ``event`` a member of the event in the address (or an admin), others see 404; ``admin``; ``bearer``
an API token; ``service`` health and metrics for machines.

CSRF kinds: ``session`` the usual form token, a failure is a 400 page; ``form`` the same token, but the
view's own form checks it and shows itself again, filled in; ``token`` the signed link in the address is
itself the proof; ``bearer`` and ``signature`` no cookie is involved: what is sent is signed itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from flask import Flask, abort, current_app, request
from flask_wtf.csrf import CSRFProtect

from webapp import db

Permission = Literal["public", "link", "user", "event", "admin", "bearer", "service"]
Csrf = Literal["session", "form", "token", "bearer", "signature"]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

View = TypeVar("View", bound=Callable[..., Any])
Enforcer = Callable[[dict[str, Any]], Any]

csrf = CSRFProtect()
_enforcers: dict[str, Enforcer] = {}


def permission(name: Permission, *, csrf: Csrf = "session") -> Callable[[View], View]:
    """Declares a view's permission and CSRF kind. Stands directly on the function."""

    def declare(view: View) -> View:
        view.turnout_permission = name  # type: ignore[attr-defined]  # marks a function
        view.turnout_csrf = csrf  # type: ignore[attr-defined]  # marks a function
        return view

    return declare


def enforces(name: Permission) -> Callable[[Enforcer], Enforcer]:
    """Registers the rule behind a permission.

    The rule gets the address's values and aborts, or answers a response that is sent instead, or None.
    """

    def register(rule: Enforcer) -> Enforcer:
        _enforcers[name] = rule
        return rule

    return register


def declared(app: Flask, endpoint: str) -> tuple[str, str] | None:
    """(permission, CSRF kind) of an endpoint, or None if it declares nothing."""
    view: Any = app.view_functions[endpoint]
    # Class-based views carry the declaration on the class.
    view = getattr(view, "view_class", view)
    if not hasattr(view, "turnout_permission"):
        return None
    return view.turnout_permission, view.turnout_csrf


def undeclared(app: Flask) -> list[str]:
    return sorted(
        {rule.endpoint for rule in app.url_map.iter_rules() if declared(app, rule.endpoint) is None}
    )


def check() -> Any:
    """The hook: refuse an address that no row can have, begin the right kind of transaction, check
    forgery, then the right."""
    if "\0" in request.path:
        # No link of ours holds one, and PostgreSQL takes none, not even to look for it.
        abort(404)
    safe = request.method in SAFE
    if safe:
        db.begin_as_reader()
    else:
        db.begin_as_writer()
    if request.endpoint is None:
        return None
    found = declared(current_app, request.endpoint)
    if found is None:
        abort(404)
    name, kind = found
    if not safe and kind == "session" and current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()
    rule = _enforcers.get(name)
    return rule(request.view_args or {}) if rule else None


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    app.before_request(check)
    if "static" in app.view_functions:
        permission("public")(app.view_functions["static"])
