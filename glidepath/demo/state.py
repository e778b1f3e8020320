"""How far the story has come, on disk, so that a demo that was killed goes on and tells nothing twice."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from glidepath.embedded.folder import write_private
from shared.clock import parse_instant, render_instant


@dataclass(slots=True, kw_only=True)
class StoryState:
    """`run` counts stories told to one deployment: each has its own rollout, courses and ticket numbers."""

    path: Path
    run: int = 1
    begins_at: str = ""
    done: list[str] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    """What a later step or check needs and the deployment cannot know (how many webhooks were sent, say)."""
    lms_token: str = field(default_factory=lambda: secrets.token_hex(16))
    lms_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    helpdesk_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @classmethod
    def load(cls, path: Path) -> "StoryState":
        """The state on disk, or a fresh one."""
        if not path.exists():
            return cls(path=path)
        return cls(path=path, **json.loads(path.read_text(encoding="utf-8")))

    def save(self) -> None:
        document = asdict(self)
        del document["path"]
        write_private(self.path, json.dumps(document, indent=2))

    @property
    def rollout(self) -> str:
        return "safety-video" if self.run == 1 else f"safety-video-{self.run}"

    @property
    def test_course(self) -> int:
        return 1000 + self.run

    @property
    def course(self) -> int:
        return 2000 + self.run

    def begin_at(self, at: datetime) -> None:
        """The story's first Monday, once and for all."""
        if not self.begins_at:
            self.begins_at = render_instant(at)
            self.save()

    @property
    def begin(self) -> datetime:
        return parse_instant(self.begins_at)

    def finish(self, step: str) -> None:
        """This step need not be told again."""
        self.done.append(step)
        self.save()

    def note(self, **facts: Any) -> None:
        """Keep what was seen; a step that is told again does not overwrite what its first telling saw."""
        self.notes = facts | self.notes
        self.save()
