"""The session cookie: Flask's own, read and written with less work. It holds plain JSON.

Most requests come from people without a session, and no page of theirs looks for one.
"""

from __future__ import annotations

import hashlib

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from webapp.tokens import Serializer, keys


class Sessions(SecureCookieSessionInterface):
    # Flask's own, named directly: hmac has a quick way for the function itself and not for one around it.
    digest_method = staticmethod(hashlib.sha1)

    def __init__(self) -> None:
        self._serializer: Serializer | None = None

    def get_signing_serializer(self, app: Flask) -> Serializer | None:
        """Made once, and without compression: a session holds a token and a name or two. They are plain
        JSON, so that nothing in them is looked at for Python's own types."""
        if self._serializer is None and app.secret_key:
            self._serializer = Serializer(
                keys(app),
                salt=self.salt,
                signer_kwargs={
                    "key_derivation": self.key_derivation,
                    "digest_method": self.digest_method,
                },
            )
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if app.secret_key and "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # Nobody looked at it, and it is none of those that are sent anew each time.
        if session.accessed or session.modified or session.permanent:
            super().save_session(app, session, response)


def init_app(app: Flask) -> None:
    app.session_interface = Sessions()
