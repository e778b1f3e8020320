"""Walk a permission table through real HTTP: every route x every role is allowed or refused as written.

Allowed means: anything but 401 and 403. A route that answers 404 or 422 to the made-up parameters got past the check.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from shared.auth import PUBLIC, Permissions, Role

Ask = Callable[[str, str, Role | None], Awaitable[int]]
"""(method, path, role) -> status; role None is somebody without an account."""
_PARAMETER = re.compile(r"\{[^}]+\}")


async def walk(permissions: Permissions, ask: Ask) -> list[str]:
    """What is not as the table says, one line each; empty if all is well."""
    wrong: list[str] = []
    for row, allowed in sorted(permissions.items()):
        method, template = row.split(" ", 1)
        path = _PARAMETER.sub("x", template)
        for role in (*Role, None):
            status = await ask(method, path, role)
            may = allowed is PUBLIC or (role is not None and role in _roles(allowed))
            if may == (status in (401, 403)):
                wrong.append(f"{row} as {role or 'nobody'}: {status}, the table says {'allowed' if may else 'refused'}")
            if role is None and not may and status != 401:
                wrong.append(f"{row} as nobody: {status}, expected 401")
            if status >= 500:
                wrong.append(f"{row} as {role or 'nobody'}: {status}")
    return wrong


def _roles(allowed: Any) -> frozenset[Role]:
    return frozenset() if allowed is PUBLIC else frozenset(allowed)
