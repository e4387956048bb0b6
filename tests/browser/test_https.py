"""The site as it is deployed: nginx with the project's own configuration, gunicorn with the project's own,
TLS, a mail server, and the production environment with nothing switched off.

Where nginx is not installed, gunicorn ends the TLS itself and the same must hold.
"""

from __future__ import annotations

import http.client
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.cast import Evening, make_evening
from tests.browser.conftest import PHONE, until
from tests.browser.site import Site, listener
from tests.browser.watch import Watch
from tests.conftest import TESTS
from tests.receiver import Receiver
from webapp import clock
from webapp.accounts import operations as accounts

Visitor = Callable[..., BrowserContext]
DEPLOY = TESTS.parent / "config" / "deploy"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
EMAIL, PASSWORD = "ada@example.org", "a long password of Ada's"


def free_port() -> int:
    with listener() as found:
        port: int = found.getsockname()[1]
        return port


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed one for localhost, good for a day."""
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(chain)],
        check=True, capture_output=True,
    )  # fmt: skip
    return chain, key


def nginx_configuration(folder: Path, port: int, plain_port: int) -> Path:
    """config/deploy/nginx.conf with this test's ports and files, inside the frame that Debian gives it."""
    text = (DEPLOY / "nginx.conf").read_text()
    for theirs, ours in {
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "server_name events.example.org;": "server_name localhost;",
        "/etc/ssl/turnout/": f"{folder}/",
        "/srv/turnout/": f"{TESTS.parent}/",
        "unix:/run/turnout/web.sock": f"unix:{folder}/web.sock",
    }.items():
        assert theirs in text, f"nginx.conf no longer says {theirs}"
        text = text.replace(theirs, ours)
    said = subprocess.run([str(NGINX), "-V"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"--conf-path=(\S+)", said)
    types = Path(found[1]).parent / "mime.types" if found else Path("/etc/nginx/mime.types")
    # Only root may become somebody else, and would then not reach this test's own folder.
    user = "user root;" if Path("/proc/self").stat().st_uid == 0 else ""
    folders = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )  # fmt: skip
    path = folder / "nginx.conf"
    path.write_text(
        f"{user}\ndaemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log stderr warn;\nevents {{}}\n"
        f"http {{\ninclude {types};\ndefault_type application/octet-stream;\naccess_log off;\n{folders}{text}}}\n"
    )
    return path


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def plain_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, receiver: Receiver, plain_port: int
) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("https"), free_port()
    chain, key = certificate(folder)
    site = Site(
        folder,
        f"https://localhost:{port}",
        TURNOUT_ENV="production",
        TURNOUT_SECRET_KEY="only this run of the tests knows this secret",
        TURNOUT_TRUSTED_HOSTS="localhost",
        TURNOUT_PROXY_COUNT="1" if NGINX else "0",
        TURNOUT_MAIL_SERVER="127.0.0.1",
        TURNOUT_MAIL_PORT=str(receiver.port),
    )
    gunicorn = ["gunicorn", "-c", str(DEPLOY / "gunicorn.conf.py"), "--workers", "1"]
    if NGINX:
        gunicorn += ["--bind", f"unix:{folder}/web.sock"]
    else:
        gunicorn += ["--bind", f"127.0.0.1:{port}", "--certfile", str(chain), "--keyfile", str(key)]
    bin_folder = Path(sys.executable).parent
    site.start(
        "gunicorn",
        "run",
        f"{bin_folder}/{gunicorn[0]}",
        *gunicorn[1:],
        "tests.browser.server:make()",
    )
    if NGINX:
        conf = nginx_configuration(folder, port, plain_port)
        site.start("nginx", "run", NGINX, "-p", str(folder), "-e", "stderr", "-c", str(conf))
    site.start("jobs", "jobs")
    site.ready()
    yield site
    said = site.stop()
    assert "Traceback" not in said, said


@pytest.fixture(scope="module")
def evening(site: Site) -> Evening:
    with site.rows():
        ada, _password = accounts.create(
            EMAIL, role="organiser", at=clock.now(), password=PASSWORD, name="Ada"
        )
        return make_evening(ada, starts_in=-10)


def sign_in(page: Page) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/manage/")


def test_an_evening_over_https(
    site: Site, evening: Evening, receiver: Receiver, visitor: Visitor
) -> None:
    """The organiser signs in; somebody signs up, gets a mail and follows its links into the room; the
    chair and the cockpit press. Every form passes the checks that only exist over https."""
    organiser = visitor(ignore_https_errors=True)
    desk = organiser.new_page()
    sign_in(desk)
    (cookie,) = [c for c in organiser.cookies() if c["name"] == "turnout"]
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")

    attendee = visitor(ignore_https_errors=True, viewport=PHONE)
    page = attendee.new_page()
    response = page.goto(evening.page)
    assert response is not None
    assert response.headers["strict-transport-security"] == "max-age=31536000"
    page.get_by_role("link", name="Sign up and join").first.click()
    page.get_by_label("Your name").fill("Lucía Ñandú")
    page.get_by_label("Your e-mail address").fill("lucia@example.org")
    page.locator("#consent").check()
    # Nobody fills in a form within two seconds, and here that is not switched off.
    page.wait_for_timeout(2_100)
    page.get_by_role("button", name="Save my place").click()
    expect(page.locator("h1")).to_have_text("Look into your inbox")
    assert all(c["secure"] for c in attendee.cookies())

    until(lambda: any("lucia@example.org" in mail.to for mail in receiver.messages), 30)
    (mail,) = [mail for mail in receiver.messages if "lucia@example.org" in mail.to]
    my, join = (
        re.search(rf"{site.url}/{kind}/\S+", mail.text)[0]  # type: ignore[index]
        for kind in ("my", "join")
    )
    page.goto(my)
    expect(page.locator("#status")).to_have_text("Lucía Ñandú, you have a place")
    page.goto(join)
    with page.expect_response(lambda answer: answer.url.endswith("/pulse")) as pulse:
        page.get_by_role("button", name="Go in").click()
    assert pulse.value.status == 200

    chair = visitor(ignore_https_errors=True, viewport=PHONE).new_page()
    chair.goto(evening.chair)
    chair.get_by_role("button", name="Start: Kate Hudson").click()
    expect(chair.locator("[data-slot=sent]")).to_have_text("Saved")
    desk.goto(f"{evening.manage}/cockpit")
    expect(desk.locator("[data-slot=kicker]")).to_have_text("Now speaking, 1 of 8")
    desk.get_by_role("button", name="Next: Tim Young").click()
    expect(desk.locator("[data-slot=sent]")).to_have_text("Saved")
    expect(desk.locator("[data-figure=doors]")).to_have_text("1")
    desk.get_by_role("button", name="Sign out").click()
    desk.goto("/manage/")
    expect(desk).to_have_url(re.compile(r"/sign-in\?next="))


@pytest.mark.case("D25")
def test_a_form_of_another_site_is_refused(
    site: Site, evening: Evening, visitor: Visitor, watch: Watch
) -> None:
    """With the right cookie and the right token, but from another page: 400, and nothing happens."""
    context = visitor(ignore_https_errors=True)
    page = context.new_page()
    sign_in(page)
    page.goto(evening.manage)
    token = page.locator("form[action='/sign-out'] input[name=csrf_token]").input_value()
    here = {"Referer": f"{site.url}{evening.manage}"}

    def sign_out(token: str, headers: dict[str, str]) -> int:
        return context.request.post("/sign-out", form={"csrf_token": token}, headers=headers).status

    for given, headers in (
        (token, {"Referer": "https://evil.example/"}),
        (token, {"Referer": f"https://localhost.evil.example:{site.url.rpartition(':')[2]}/"}),
        (token, {"Referer": f"http://{site.url.partition('://')[2]}/"}),
        (token, {}),
        ("", here),
        (token[:-2], here),
    ):
        assert sign_out(given, headers) == 400, headers
    page.reload()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert sign_out(token, here) == 200
    page.reload()
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))


class Outside:
    """A program somewhere that says whatever it likes; ``source`` is the address it really has."""

    def __init__(self, site: Site, source: str = "127.0.0.1") -> None:
        self.host, self.port = "localhost", int(site.url.rpartition(":")[2])
        self.source, self.url = source, site.url
        self.cookie = ""

    def ask(
        self, method: str, path: str, body: str | None = None, **headers: str
    ) -> tuple[int, str]:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, context=ssl._create_unverified_context(),
            source_address=(self.source, 0), timeout=30,
        )  # fmt: skip
        sent = {"Host": f"{self.host}:{self.port}", "Cookie": self.cookie, **headers}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        text = response.read().decode()
        if cookie := response.headers.get("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        connection.close()
        return response.status, text

    def my_link(self, evening: Evening, number: int, token: str, **headers: str) -> int:
        body = urlencode({"csrf_token": token, "email": f"person{number}@example.org"})
        path = f"{evening.page}/my-link"
        return self.ask("POST", path, body, Referer=f"{self.url}{path}", **headers)[0]

    def token(self, evening: Evening) -> str:
        _status, text = self.ask("GET", f"{evening.page}/my-link")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)
        assert found
        return found[1]


@pytest.mark.case("D50")
def test_a_forged_address_counts_as_the_one_it_came_from(site: Site, evening: Evening) -> None:
    """Sixty asks for a link in an hour: from one address, whatever it says in X-Forwarded-For. Somebody
    with another address has sixty of their own."""
    outside = Outside(site, "127.0.0.3")
    token = outside.token(evening)
    forged = [
        outside.my_link(evening, number, token, **{"X-Forwarded-For": f"203.0.113.{number}"})
        for number in range(62)
    ]
    assert forged == [303] * 60 + [429] * 2
    assert outside.my_link(evening, 1, token, Forwarded="for=203.0.113.99") == 429
    assert outside.my_link(evening, 1, token, **{"X-Real-IP": "203.0.113.99"}) == 429
    neighbour = Outside(site, "127.0.0.4")
    assert neighbour.my_link(evening, 1, neighbour.token(evening)) == 303


@pytest.mark.case("D29")
def test_a_forged_host_is_refused_or_ignored(site: Site, evening: Evening) -> None:
    outside = Outside(site)
    assert outside.ask("GET", evening.page, Host="evil.example")[0] == 400
    status, text = outside.ask("GET", evening.page, **{"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"})  # fmt: skip
    assert status == 200
    assert "evil.example" not in text
    assert f"{site.url}{evening.page}" in text


def test_plain_http_leads_to_https(site: Site, evening: Evening, plain_port: int) -> None:
    if not NGINX:
        with pytest.raises(OSError, match="refused"):
            http.client.HTTPConnection("127.0.0.1", plain_port, timeout=5).request("GET", "/")
        return
    connection = http.client.HTTPConnection("127.0.0.1", plain_port, timeout=30)
    connection.request("GET", f"{evening.page}?from=poster", headers={"Host": "localhost"})
    response = connection.getresponse()
    assert response.status == 301
    assert response.headers["Location"] == f"https://localhost{evening.page}?from=poster"
    connection.close()
