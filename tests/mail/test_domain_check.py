"""What the DNS says of the sending domain, in sentences; asked of a name server of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.mail.test_signing import ED25519, RSA
from tests.nameserver import NameServer
from webapp.mail import domain_check, signing
from webapp.mail.domain_check import Finding

pytestmark = pytest.mark.usefixtures("context")

SPF, DMARC = ("example.org", "TXT"), ("_dmarc.example.org", "TXT")
KEY = ("may._domainkey.example.org", "TXT")


@pytest.fixture
def names(app: Flask) -> Iterator[NameServer]:
    app.config.update(
        MAIL_DEFAULT_SENDER="Friends <mail@example.org>",
        MAIL_SERVER="smtp.example.org",
        DKIM_DOMAIN="example.org",
        DKIM_SELECTOR="may",
        DKIM_KEY=RSA.read_text(),
    )
    with NameServer() as server:
        app.extensions["dns_resolver"] = server.resolver()
        yield server
        del app.extensions["dns_resolver"]


def look() -> dict[str, Finding]:
    return {finding.subject: finding for finding in domain_check.check()}


def all_good(names: NameServer) -> None:
    signer = signing.signer()
    assert signer is not None
    names.zone |= {
        SPF: ["some other text", "v=spf1 a:smtp.example.org -all"],
        ("smtp.example.org", "A"): ["192.0.2.7"],
        KEY: [signer.record],
        DMARC: ["v=DMARC1; p=reject"],
    }


def test_a_domain_in_order(names: NameServer) -> None:
    all_good(names)
    found = look()
    assert {subject: finding.state for subject, finding in found.items()} == dict.fromkeys(found, "good")  # fmt: skip
    assert all(finding.put is None for finding in found.values())


def test_an_empty_domain_is_told_what_to_put_where(names: NameServer) -> None:
    found = look()
    assert [finding.state for finding in found.values()] == ["bad"] * 4
    signer = signing.signer()
    assert signer is not None
    put = {f.put.name: f.put.text for f in found.values() if f.put is not None}
    assert put == {
        "example.org": "v=spf1 a:smtp.example.org -all",
        "may._domainkey.example.org": signer.record,
        "_dmarc.example.org": "v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org",
    }


@pytest.mark.parametrize(
    ("records", "state"),
    [
        (["v=spf1 ip4:192.0.2.0/24 -all"], "good"),
        (["v=spf1 ip4:192.0.2.7 ~all"], "good"),
        (["V=SPF1 MX -ALL"], "good"),
        (["v=spf1 a:smtp.example.org/24 -all"], "good"),
        (["v=spf1 include:provider.example.org -all"], "good"),
        (["v=spf1 redirect=provider.example.org"], "good"),
        (["v=spf1 -ip4:192.0.2.7 ip4:192.0.2.0/24 -all"], "weak"),
        (["v=spf1 ip4:198.51.100.1 -all"], "weak"),
        (["v=spf1 a mx:nowhere.example.org -all"], "weak"),
        (["v=spf1 exists:%{i}.example.org include:%{d} -all"], "weak"),
        (["v=spf1 +all"], "bad"),
        (["v=spf1 ?all"], "bad"),
        (["v=spf1 a -all", "v=spf1 mx -all"], "bad"),
        (["v=spf10 a -all"], "bad"),
        (["v=spf1 include:loop.example.org -all"], "bad"),
    ],
)
def test_spf_is_compared_with_the_mail_server(names: NameServer, records: list[str], state: str) -> None:  # fmt: skip
    all_good(names)
    names.zone |= {
        SPF: records,
        ("example.org", "MX"): ["10 smtp.example.org."],
        ("provider.example.org", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"],
        ("loop.example.org", "TXT"): ["v=spf1 include:loop.example.org -all"],
    }
    assert look()["SPF"].state == state


def test_mail_that_leaves_by_this_machine_is_left_to_the_test(app: Flask, names: NameServer) -> None:  # fmt: skip
    all_good(names)
    app.config["MAIL_SERVER"] = "127.0.0.1"
    names.zone[SPF] = ["v=spf1 ip4:198.51.100.1 -all"]
    spf = look()["SPF"]
    assert spf.state == "good"
    assert "send a test" in spf.says


@pytest.mark.parametrize(
    ("record", "state", "words"),
    [
        ("v=DKIM1; k=rsa; p=", "bad", "called back"),
        ("v=DKIM1; k=rsa; p=MIIBIjANBg", "bad", "not the one"),
        ("v=DKIM1; k=ed25519; p={key}", "bad", "not the one"),
        ("v=DKIM1; k=rsa; t=y; p={key}", "weak", "t=y"),
        ("p={key}", "good", "ours"),
        ("v=DKIM1; p={spaced}; n=our key", "good", "ours"),
    ],
)
def test_the_key_in_the_dns_is_ours(names: NameServer, record: str, state: str, words: str) -> None:
    all_good(names)
    signer = signing.signer()
    assert signer is not None
    spaced = f"{signer.public[:40]} {signer.public[40:]}"
    names.zone[KEY] = [record.format(key=signer.public, spaced=spaced)]
    dkim = look()["DKIM"]
    assert dkim.state == state
    assert words in dkim.says
    assert (dkim.put is None) == (state == "good")


def test_an_ed25519_key(app: Flask, names: NameServer) -> None:
    app.config["DKIM_KEY"] = ED25519.read_text()
    all_good(names)
    assert look()["DKIM"].state == "good"


def test_without_a_key_it_says_how_to_make_one(app: Flask, names: NameServer) -> None:
    all_good(names)
    app.config["DKIM_DOMAIN"] = ""
    found = look()
    assert found["DKIM"].state == "bad"
    assert "openssl" in found["DKIM"].says
    assert found["One domain"].state == "weak"


@pytest.mark.parametrize(
    ("zone", "state"),
    [
        ({DMARC: ["v=DMARC1; p=none"]}, "weak"),
        ({DMARC: ["v=DMARC1;p=quarantine; pct=50"]}, "good"),
        ({DMARC: ["v=DMARC1; p=maybe"]}, "bad"),
        ({DMARC: ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "bad"),
        ({DMARC: ["hello"]}, "bad"),
        ({DMARC: []}, "bad"),
    ],
)
def test_dmarc(names: NameServer, zone: dict[Any, Any], state: str) -> None:
    all_good(names)
    names.zone |= zone
    assert look()["DMARC"].state == state


@pytest.mark.parametrize(("record", "state"), [("v=DMARC1; p=none; sp=reject", "good"), ("v=DMARC1; p=reject; sp=none", "weak")])  # fmt: skip
def test_a_domain_below_goes_by_the_record_above(
    app: Flask, names: NameServer, record: str, state: str
) -> None:
    all_good(names)
    names.zone[DMARC] = [record]
    app.config["MAIL_DEFAULT_SENDER"] = "mail@events.example.org"
    found = look()
    assert found["DMARC"].state == state
    assert found["One domain"].state == "good"


@pytest.mark.parametrize(
    ("settings", "policy", "state"),
    [
        ({"DKIM_DOMAIN": "other.example"}, "p=reject", "weak"),
        ({"DKIM_DOMAIN": "other.example", "BOUNCE_ADDRESS": "b@third.example"}, "p=reject", "bad"),
        ({"BOUNCE_ADDRESS": "b@bounces.example.org"}, "p=reject", "good"),
        ({"DKIM_DOMAIN": "", "BOUNCE_ADDRESS": "b@bounces.example.org"}, "p=reject", "weak"),
        ({"DKIM_DOMAIN": "", "BOUNCE_ADDRESS": "b@bounces.example.org"}, "p=reject; aspf=s", "bad"),
        ({"DKIM_DOMAIN": "mail.example.org"}, "p=reject; adkim=s", "weak"),
    ],
)
def test_the_domains_must_agree(
    app: Flask, names: NameServer, settings: dict[str, str], policy: str, state: str
) -> None:
    all_good(names)
    app.config.update(settings)
    names.zone |= {
        DMARC: [f"v=DMARC1; {policy}"],
        ("bounces.example.org", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"],
        ("third.example", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"],
    }
    signer = signing.signer()
    if signer is not None:
        names.zone[(signer.name, "TXT")] = [signer.record]
    assert look()["One domain"].state == state


def test_a_name_server_that_says_nothing_is_not_waited_for(names: NameServer) -> None:
    all_good(names)
    names.silent = {"example.org"}
    found = look()
    assert found["SPF"].state == "unknown"
    assert "do not answer in time" in found["SPF"].says
    assert found["DKIM"].state == "good"


@pytest.mark.parametrize("address", ["turnout@localhost", "", "mail@[192.0.2.1]", "mail@site.test"])
def test_a_domain_of_nobody_is_not_asked_about(app: Flask, names: NameServer, address: str) -> None:
    app.config["MAIL_DEFAULT_SENDER"] = address
    (only,) = domain_check.check()
    assert only.state == "bad"
    assert "TURNOUT_MAIL_DEFAULT_SENDER" in only.says
    assert names.asked == []
