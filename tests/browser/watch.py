"""Listens to everything a browser complains about while a test runs. See ``Watch``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_STATUS = re.compile(r"responded with a status of (\d+)")


class Watch:
    """What must not happen in any page: an error or warning on the console (a message of the content
    security policy is one), an exception of a script, a request that fails, an answer of 400 or above,
    and any request to another site.

    What a test does on purpose it says beforehand: ``expected`` has the statuses it asks for, ``others``
    the sites it lets the browser go to, ``offline`` is true from when it cuts the network.
    """

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.expected: set[int] = set()
        self.others: set[str] = set()
        self.offline = False
        self.faults: list[str] = []

    def _heard(self) -> dict[Any, Callable[[Any], None]]:
        return {
            "console": self._console,
            "weberror": self._exception,
            "request": self._request,
            "response": self._response,
            "requestfailed": self._failed,
        }

    def follow(self, context: BrowserContext) -> None:
        for name, heard in self._heard().items():
            context.on(name, heard)

    def leave(self, context: BrowserContext) -> None:
        """For a context that outlives the test."""
        for name, heard in self._heard().items():
            context.remove_listener(name, heard)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        answered = _STATUS.search(message.text)
        if answered and int(answered[1]) in self.expected:
            return
        if "ERR_INTERNET_DISCONNECTED" in message.text and self.offline:
            return
        where = message.location
        self.faults.append(f"console {message.type}: {message.text} ({where['url']}:{where['lineNumber']})")  # fmt: skip

    def _exception(self, error: WebError) -> None:
        self.faults.append(f"exception: {error.error}")

    def _request(self, request: Request) -> None:
        ours = {self.origin, *self.others}
        if not request.url.startswith(
            (*(f"{origin}/" for origin in ours), "data:", "blob:", "about:")
        ):
            self.faults.append(f"a request to another site: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"{response.status}: {response.request.method} {response.url}")

    def _failed(self, request: Request) -> None:
        # The page itself lets go of a request when it is left; everything else is a fault.
        if request.failure == "net::ERR_ABORTED" or (self.offline and "DISCONNECTED" in (request.failure or "")):  # fmt: skip
            return
        self.faults.append(f"{request.failure}: {request.method} {request.url}")

    def check(self) -> None:
        assert not self.faults, "the browser complained:\n" + "\n".join(self.faults)
