"""The app object, and ``python app.py``: the whole product on this machine.

Under a WSGI server (``gunicorn app:app``) the environment is production unless ``TURNOUT_ENV`` says
otherwise. On the command line (``flask …``) it is development until a secret key is configured.
"""

from __future__ import annotations

import os
import sys

from flask import Flask

import config
from webapp import create_app

# To gunicorn this status says that the app cannot be loaded: it stops. After any other one it would start
# the worker anew, for ever.
CANNOT_START = 4


def make_app(environment: str) -> Flask:
    """The configured app, or a readable list of what is missing and a non-zero exit."""
    try:
        return create_app(environment)
    except config.ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(CANNOT_START)


if __name__ == "__main__":
    from webapp import serve

    serve.main(make_app(os.environ.get("TURNOUT_ENV", "development")))
else:
    on_command_line = os.environ.get("FLASK_RUN_FROM_CLI") == "true"
    app = make_app(config.environment(os.environ, on_command_line=on_command_line))
