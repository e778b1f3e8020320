"""What the learning side sees of the world: the directory, the facts, the enrolments, and learning systems outside."""

from services.rollout.ports.learning.platform import AccountRefused, CourseRefused, LearningPlatform, Platforms
from services.rollout.ports.learning.stores import (
    Connections,
    Directory,
    Enrolments,
    Learning,
    LearningUnit,
    PeopleStore,
    Units,
)
from services.rollout.ports.learning.values import (
    ANY_SOURCE,
    Account,
    Connection,
    CourseOfPerson,
    CourseStatus,
    IdentityKey,
    PersonToFind,
    PollTarget,
    PushGroup,
    SourceVersion,
    StoredFact,
)

__all__ = [
    "ANY_SOURCE",
    "Account",
    "AccountRefused",
    "Connection",
    "Connections",
    "CourseOfPerson",
    "CourseRefused",
    "CourseStatus",
    "Directory",
    "Enrolments",
    "IdentityKey",
    "Learning",
    "LearningPlatform",
    "LearningUnit",
    "PeopleStore",
    "PersonToFind",
    "Platforms",
    "PollTarget",
    "PushGroup",
    "SourceVersion",
    "StoredFact",
    "Units",
]
