"""`make check`: no file over 500 lines, no function over 60. Migrations are generated and exempt."""

import ast
import sys
from pathlib import Path

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
ROOTS = ("shared", "services", "glidepath", "tests")


def oversized(path: Path) -> list[str]:
    """A line for everything in the file that is too long."""
    source = path.read_text()
    found = []
    if (lines := source.count("\n")) > MAX_FILE_LINES:
        found.append(f"{path}: {lines} lines; split it by concept (at most {MAX_FILE_LINES})")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                found.append(f"{path}:{node.lineno}: {node.name} has {length} lines (at most {MAX_FUNCTION_LINES})")
    return found


def main() -> int:
    files = [path for root in ROOTS for path in sorted(Path(root).rglob("*.py")) if "versions" not in path.parts]
    found = [line for path in files for line in oversized(path)]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
