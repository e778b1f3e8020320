"""What a simulator knows, kept so that a demo that was killed goes on where it was."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import RLock
from typing import Any

Entry = dict[str, Any]


class Journal:
    """Append-only JSON Lines. Without a path nothing outlives the process. An unfinished last line (a kill) is dropped."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.lock = RLock()
        """Held by a simulator while it changes: the story's thread and the server's thread both do."""

    def entries(self) -> Iterator[Entry]:
        """Everything written so far, oldest first."""
        if self.path is None or not self.path.exists():
            return
        whole = self.path.read_bytes()
        finished = whole[: whole.rfind(b"\n") + 1]
        if len(finished) != len(whole):
            self.path.write_bytes(finished)
        for line in finished.splitlines():
            yield json.loads(line)

    def append(self, entry: Entry) -> None:
        """Written through to the operating system before this returns, so a `kill -9` of this process loses nothing."""
        if self.path is None:
            return
        with self.lock, self.path.open("ab") as file:
            file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
