"""What the command says when something goes wrong: one sentence and a stable exit code, never a traceback.

Fault                 1   refused, or the answer is "no"
├── TimedOut          2   (also wrong usage, by convention of the shell)
├── Unreachable       3
├── NotAllowed        4
└── NotThere          5
"""

from collections.abc import Sequence


class Fault(Exception):
    """Something a person can read and act on. `places` are lines `place: what is wrong there`."""

    exit_code = 1

    def __init__(self, message: str, *, places: Sequence[str] = (), status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.places = tuple(places)
        self.status = status
        self.code = code

    def lines(self) -> list[str]:
        """The message and then each place, one per line."""
        return [self.message, *(f"  {place}" for place in self.places)]


class TimedOut(Fault):
    exit_code = 2


class Unreachable(Fault):
    exit_code = 3


class NotAllowed(Fault):
    exit_code = 4


class NotThere(Fault):
    exit_code = 5
