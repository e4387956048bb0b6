"""The connection to the mail server: opened once for many mails, with a time-out and a quiet good-bye."""

from __future__ import annotations

import smtplib
import ssl
from typing import Any

import flask_mail
from flask import current_app

from webapp.mail import bounces, checkpoints
from webapp.mail.envelope import Envelope, Parcel
from webapp.mail.outbox import mail_domain
from webapp.mail.verdicts import said


class _Remembers(smtplib.SMTP):
    """Keeps what Flask-Mail does not pass on: whether the text of a mail went out, and the last word."""

    text_sent = False
    accepted = ""
    _answers = 0

    def mail(self, *arguments: Any, **more: Any) -> tuple[int, bytes]:
        answer: tuple[int, bytes] = super().mail(*arguments, **more)
        checkpoints.reach("sender_said")
        return answer

    def rcpt(self, *arguments: Any, **more: Any) -> tuple[int, bytes]:
        answer: tuple[int, bytes] = super().rcpt(*arguments, **more)
        checkpoints.reach("recipient_said")
        return answer

    def getreply(self) -> tuple[int, bytes]:
        self._answers += 1
        # The first answer after DATA asks for the text, the second one is about it.
        if self.text_sent and self._answers == 2:
            checkpoints.reach("text_said")
        return super().getreply()

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.text_sent, self._answers = True, 0
        code, words = super().data(msg)
        self.accepted = said(code, words)
        return code, words


class _RemembersSSL(_Remembers, smtplib.SMTP_SSL):
    pass


def is_here(server: str) -> bool:
    """Whether it is this machine, where nobody stands in between."""
    return server in ("localhost", "::1") or server.startswith("127.")


def tls(server: str) -> ssl.SSLContext:
    """The server must prove its name, except on this machine."""
    context = ssl.create_default_context()
    if current_app.config["MAIL_CA_FILE"]:
        context.load_verify_locations(current_app.config["MAIL_CA_FILE"])
    if is_here(server):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Connection(flask_mail.Connection):
    """Flask-Mail's connection with a time-out, a checked certificate and a quiet good-bye.

    Flask-Mail itself waits for a silent server for ever.
    """

    host: _Remembers | None
    # Seconds for each answer, where less is wanted than the settings say.
    patience: float | None = None

    def configure_host(self) -> _Remembers:
        mail = self.mail
        # The name is said in EHLO; asking the resolver for our own can take longer than the mail.
        name = mail_domain(current_app.config["BASE_URL"])
        timeout: float = self.patience or current_app.config["MAIL_TIMEOUT"]
        context = tls(mail.server) if mail.use_ssl or mail.use_tls else None
        host: _Remembers
        if mail.use_ssl:
            host = _RemembersSSL(
                mail.server, mail.port, local_hostname=name, timeout=timeout, context=context
            )
        else:
            host = _Remembers(mail.server, mail.port, local_hostname=name, timeout=timeout)
        try:
            if mail.use_tls:
                host.starttls(context=context)
            if mail.username and mail.password:
                host.login(mail.username, mail.password)
        except BaseException:
            host.close()
            raise
        return host

    def __exit__(self, *_: object) -> None:
        if self.host is None:
            return
        try:
            self.host.quit()
        except (smtplib.SMTPException, OSError):
            self.host.close()

    def post(self, mail: Parcel) -> str:
        """Sends one row; answers the server's word of acceptance. Raises what smtplib raises."""
        if self.host is not None:
            self.host.text_sent = False
        self.send(Envelope(mail), envelope_from=bounces.sender(mail))
        return self.host.accepted if self.host is not None else ""

    @property
    def text_sent(self) -> bool:
        """Whether the text of the last mail went out, so that it may have arrived."""
        return self.host is not None and self.host.text_sent


def connection(patience: float | None = None) -> Connection:
    """A connection by the settings as they are now; opened by ``with``."""
    app = current_app
    state = flask_mail.Mail().init_mail(app.config, app.debug, app.testing)
    made = Connection(state)  # type: ignore[arg-type]  # it is made like this by Flask-Mail as well
    made.patience = patience
    return made
