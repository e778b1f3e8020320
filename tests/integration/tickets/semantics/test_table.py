"""Every row of the semantics has a test, every test of this folder a row, and the manual tells the same rows."""

import ast
import re
from pathlib import Path

from tests.integration.tickets.semantics.table import ROWS

FOLDER = Path(__file__).parent
MANUAL = FOLDER.parents[3] / "docs" / "tickets.md"


def proofs_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = (each for each in ast.walk(tree) if isinstance(each, ast.AsyncFunctionDef | ast.FunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


WRITTEN = {name for file in FOLDER.glob("test_*.py") if file.name != Path(__file__).name for name in proofs_in(file)}


def test_every_row_has_a_test_that_exists() -> None:
    assert {row for row, tests in ROWS.items() if not tests} == set()
    missing = {row: sorted(set(tests) - WRITTEN) for row, tests in ROWS.items() if set(tests) - WRITTEN}
    assert missing == {}


def test_every_test_of_this_folder_proves_a_row() -> None:
    assert WRITTEN - {test for tests in ROWS.values() for test in tests} == set()


def test_the_manual_tells_the_same_rows() -> None:
    section = MANUAL.read_text(encoding="utf-8").partition("## The rules, one by one")[2].partition("\n## ")[0]
    assert re.findall(r"^### (.+)$", section, re.MULTILINE) == list(ROWS)
