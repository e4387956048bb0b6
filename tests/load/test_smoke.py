"""The scripts run and look at the right pages. How fast is asked elsewhere, by ``make load``."""

from __future__ import annotations

import pytest

from tests.load.__main__ import measure
from tests.load.sizes import SMALL
from tests.load.table import markdown


def test_a_small_run_measures_and_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    warm, cold, again = measure(["page"], ["sqlite"], SMALL)
    assert float(warm.reached) > 0
    assert cold.is_reached
    assert again.is_reached
    assert markdown([warm, cold, again]).count("\n| public event page") == 3
    assert "page took" in capsys.readouterr().out
