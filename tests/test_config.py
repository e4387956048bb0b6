"""Configuration refuses loudly, all at once, in sentences."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).parent.parent


def test_production_names_every_missing_key_at_once(tmp_path):
    with pytest.raises(config.ConfigError) as caught:
        config.load("production", {}, tmp_path)
    text = str(caught.value)
    for key in ("TURNOUT_SECRET_KEY", "TURNOUT_BASE_URL", "TURNOUT_MAIL_SERVER"):
        assert key in text
    assert len(caught.value.problems) == 3


@pytest.mark.case("D70")
def test_a_short_secret_is_refused(tmp_path):
    with pytest.raises(config.ConfigError, match="TURNOUT_SECRET_KEY is too short"):
        config.load("testing", {"TURNOUT_SECRET_KEY": "changeme"}, tmp_path)


def test_values_keep_their_declared_type(tmp_path):
    values = config.load(
        "testing",
        {
            "TURNOUT_MAIL_PASSWORD": "0123456789",
            "TURNOUT_PORT": "8080",
            "TURNOUT_MAIL_USE_TLS": "1",
            "TURNOUT_TRUSTED_HOSTS": "a.example, b.example",
            "TURNOUT_MAX_FORM_PARTS": "500",
        },
        tmp_path,
    )
    assert values["MAIL_PASSWORD"] == "0123456789"
    assert values["PORT"] == 8080
    assert values["MAIL_USE_TLS"] is True
    assert values["TRUSTED_HOSTS"] == ["a.example", "b.example"]
    assert values["MAX_FORM_PARTS"] == 500


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TURNOUT_PORT", "eighty", "must be a whole number"),
        ("TURNOUT_MAIL_USE_TLS", "maybe", "must be 1 or 0"),
        ("TURNOUT_MAIL_SEVER", "x", "did you mean TURNOUT_MAIL_SERVER"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path, name, value, sentence):
    with pytest.raises(config.ConfigError, match=sentence):
        config.load("testing", {name: value}, tmp_path)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://127.0.0.1:5000"),
        ({"TURNOUT_PORT": "5001"}, "http://127.0.0.1:5001"),
        ({"TURNOUT_HOST": "0.0.0.0", "TURNOUT_PORT": "80"}, "http://127.0.0.1:80"),
        ({"TURNOUT_HOST": "::1"}, "http://[::1]:5000"),
        ({"TURNOUT_PORT": "5001", "TURNOUT_BASE_URL": "https://x.example"}, "https://x.example"),
    ],
)
def test_links_of_the_development_server_lead_to_where_it_is(tmp_path, environ, url):
    assert config.load("development", environ, tmp_path)["BASE_URL"] == url


def test_the_development_secret_is_made_once_and_kept_private(tmp_path):
    first = config.load("development", {}, tmp_path)["SECRET_KEY"]
    assert first == config.load("development", {}, tmp_path)["SECRET_KEY"]
    assert len(first) >= 32
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_environment_on_the_command_line_and_under_a_server():
    assert config.environment({}, on_command_line=True) == "development"
    assert config.environment({}, on_command_line=False) == "production"
    assert config.environment({"TURNOUT_SECRET_KEY": "x"}, on_command_line=True) == "production"
    assert config.environment({"TURNOUT_ENV": "testing"}, on_command_line=False) == "testing"


def test_a_server_without_configuration_ends_with_sentences_and_no_traceback():
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("TURNOUT_", "FLASK_"))}
    result = subprocess.run(
        [sys.executable, "-c", "import app"],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 4
    assert "TURNOUT_SECRET_KEY is missing" in result.stderr
    assert "TURNOUT_MAIL_SERVER is missing" in result.stderr
    assert "Traceback" not in result.stderr
