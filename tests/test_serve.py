"""Where the product can be served from."""

from __future__ import annotations

import pytest

from webapp import serve


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [("127.0.0.1", 0, ""), ("localhost", 0, ""), ("192.0.2.1", 5000, "Turnout cannot listen at 192.0.2.1, port 5000: ")],
)  # fmt: skip
def test_where_a_server_can_listen(host: str, port: int, said: str) -> None:
    found = serve.why_not(host, port)
    assert found.startswith(said)
    assert bool(found) == bool(said)
