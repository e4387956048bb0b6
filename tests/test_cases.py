"""The numbered cases of the list of abuses and faults: each that is to be tested has a test that says so."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tests.conftest import TESTS

# Two workers must not overbook (D01) up to a sign-up without JavaScript (D55). D30 to D35 are about routes
# and what they hold back: tests/test_permissions.py walks over all of those there are.
MUST_BE_TESTED = [f"D{number:02}" for number in (*range(1, 30), *range(36, 56))]


def marked(source: str) -> Iterator[str]:
    """The numbers in ``pytest.mark.case(…)``: of a test, of one of its parameters, or of a whole file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.case":
            for argument in node.args:
                assert isinstance(argument, ast.Constant), ast.unparse(node)
                yield argument.value


def without_a_test(sources: Iterable[str]) -> list[str]:
    found = {number for source in sources for number in marked(source)}
    return [number for number in MUST_BE_TESTED if number not in found]


def test_every_case_has_a_test() -> None:
    files = sorted(TESTS.rglob("test_*.py"))
    missing = without_a_test(path.read_text(encoding="utf-8") for path in files)
    assert missing == [], f"no test is marked with the cases {', '.join(missing)}"


def test_a_case_without_a_test_is_named() -> None:
    """Words about a case, or a mark of another kind, are no test of it."""
    every = [f"@pytest.mark.case('{number}')\ndef test(): ..." for number in MUST_BE_TESTED]
    assert without_a_test(every) == []
    talk = 'note = "pytest.mark.case(D36)"\n@pytest.mark.usefixtures("D36")\ndef test(): ...'
    assert without_a_test([talk, *every[:29], *every[30:]]) == ["D36"]
    whole_file = 'pytestmark = pytest.mark.case("D36")'
    assert without_a_test([whole_file, *every[:29], *every[30:]]) == []
