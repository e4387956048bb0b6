"""What every response says to the browser about itself."""

from __future__ import annotations

from flask import Flask, Response, g, request

# No nonces and no inline code: a page's bytes stay the same, so its ETag holds.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors {above}; frame-src {frames}"
)
_PLAIN_POLICY = _POLICY.format(above="'none'", frames="'none'")

_CONSTANT = (
    # "no-referrer" would break every CSRF check on https.
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "geolocation=(), microphone=(), payment=(), usb=(), camera=(self)"),
)


def allow_frame(origin: str) -> None:
    """Lets this one response embed a frame of ``origin`` (scheme and host), and nothing else."""
    g.frame_origin = origin


def allow_embedding() -> None:
    """Lets any site show this one response in a frame of its own. Only for pages that know nobody: no cookie
    of ours is read or set there, so nobody can be led to press something in somebody's name."""
    g.is_embedded = True


def _add(response: Response) -> Response:
    given = {name.lower() for name, _value in response.headers}
    missing = [pair for pair in _CONSTANT if pair[0].lower() not in given]
    is_embedded = g.get("is_embedded", False)
    if is_embedded:
        missing = [pair for pair in missing if pair[0] != "X-Frame-Options"]
    if "content-security-policy" not in given:
        origin = g.get("frame_origin")
        policy = _PLAIN_POLICY
        if origin or is_embedded:
            policy = _POLICY.format(
                above="*" if is_embedded else "'none'", frames=origin or "'none'"
            )
        missing.append(("Content-Security-Policy", policy))
    # Whatever does not say that it may be kept is nobody else's business.
    if "cache-control" not in given and request.endpoint != "static":
        missing.append(("Cache-Control", "no-store"))
    response.headers.extend(missing)
    return response


def _add_https(response: Response) -> Response:
    response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def init_app(app: Flask) -> None:
    app.after_request(_add)
    if app.config["BASE_URL"].startswith("https://"):
        app.after_request(_add_https)
