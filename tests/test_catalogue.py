"""``make texts``: the catalogue that translators work from."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

from tests.texts import ROOT


def test_the_catalogue_can_be_made_and_is_whole(tmp_path: Path) -> None:
    """``make texts`` finds texts in code, pages and mails, and says nothing against any of them."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    (command,) = re.findall(r"\$\(BIN\)/pybabel (.+)", recipe)
    target = tmp_path / "messages.pot"
    arguments = shlex.split(command.replace("webapp/translations/messages.pot", str(target)))
    process = subprocess.run(
        [sys.executable, "-W", "error", "-m", "babel.messages.frontend", *arguments],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    with target.open("rb") as file:
        catalogue = read_po(file)
    places = {place.split("/")[0] for message in catalogue for place, _line in message.locations}
    assert places == {"templates", "webapp"}
    for text in (
        "Save my place",  # a page
        "Your own page:",  # a calendar entry
        "All places are taken.",  # a verb
        "Heads in the room",  # a form, lazily
        "You have a place: %(title)s",  # a mail
    ):
        assert text in catalogue, text
    for message in catalogue:
        if message.id:
            assert list(message.check(catalogue)) == [], message.id
