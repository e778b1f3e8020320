"""What this Moodle knows: users, courses, enrolments, completions."""

from collections.abc import Iterable
from dataclasses import dataclass

from glidepath.demo.simulators.journal import Entry, Journal

STUDENT_ROLE = 5
SITE_COURSE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodleUser:
    id: int
    username: str
    firstname: str
    lastname: str
    email: str
    idnumber: str

    @property
    def fullname(self) -> str:
        return f"{self.firstname} {self.lastname}"


class MoodleSite:
    """One site. Changes go to the journal first; `enrol_calls` counts requests that changed enrolments."""

    def __init__(
        self, name: str, users: Iterable[MoodleUser], courses: dict[int, str], journal: Journal | None = None
    ) -> None:
        self.name = name
        self.users = {user.id: user for user in users}
        self.courses = dict(courses)
        """Course id -> full name."""
        self.enrolled: dict[int, set[int]] = {course: set() for course in courses}
        self.completed: dict[tuple[int, int], int] = {}
        """(course, user) -> Unix seconds. Un-enrolling hides it, re-enrolling brings it back, as in Moodle."""
        self.enrol_calls = 0
        self.calls = 0
        self._journal = journal or Journal()
        for entry in self._journal.entries():
            self._apply(entry)

    def enrol(self, pairs: list[tuple[int, int]]) -> None:
        """(course, user) pairs, all at once; enrolling again changes nothing."""
        self._record({"did": "enrol", "pairs": [list(pair) for pair in pairs]})

    def unenrol(self, pairs: list[tuple[int, int]]) -> None:
        self._record({"did": "unenrol", "pairs": [list(pair) for pair in pairs]})

    def complete(self, course: int, user: int, at_seconds: int) -> None:
        """The learner finished the course; a second time keeps the first time."""
        self._record({"did": "complete", "course": course, "user": user, "at": at_seconds})

    def is_enrolled(self, course: int, user: int) -> bool:
        return user in self.enrolled.get(course, ())

    def participants(self, course: int) -> list[MoodleUser]:
        """By id. Suspended enrolments would be included, unmarked."""
        return [self.users[user] for user in sorted(self.enrolled[course])]

    def _record(self, entry: Entry) -> None:
        with self._journal.lock:
            self._journal.append(entry)
            self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        match entry["did"]:
            case "enrol":
                self.enrol_calls += 1
                for course, user in entry["pairs"]:
                    self.enrolled[course].add(user)
            case "unenrol":
                for course, user in entry["pairs"]:
                    self.enrolled[course].discard(user)
            case "complete":
                self.completed.setdefault((entry["course"], entry["user"]), entry["at"])
