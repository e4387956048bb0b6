"""A sender process of its own: ``python -m tests.mail.worker URI PORT AT_MS CRASH_AT BATCH``.

Delivers until nothing due moves any more and says how many it sent. With CRASH_AT it dies there as
if its machine lost power.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from webapp import create_app
from webapp.db import from_ms
from webapp.mail import delivery


def main(uri: str, port: str, at_ms: str, crash_at: str, batch: str) -> None:
    app = create_app(
        "testing",
        environ={},
        instance=Path(tempfile.mkdtemp()),
        SQLALCHEMY_DATABASE_URI=uri,
        MAIL_SERVER="127.0.0.1",
        MAIL_PORT=int(port),
        MAIL_BATCH=int(batch),
    )

    def checkpoint(name: str) -> None:
        if name == crash_at:
            os._exit(137)

    app.extensions["mail_checkpoint"] = checkpoint
    with app.app_context():
        sent = 0
        while (tally := delivery.deliver(from_ms(int(at_ms)), stopwatch=lambda: 0.0)).settled:
            sent += tally.sent
        sys.stdout.write(f"{sent}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
