"""What rules look at, and whether it is as they ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace


class ConditionInvalid(ValueError):
    """A condition that asks for what no ticket has; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What of a ticket decides which rule applies. None is "not set"."""

    priority: str = "P3"
    kind: str = "incident"
    team: str | None = None
    tags: tuple[str, ...] = ()
    source: str | None = None
    """The helpdesk it was synced from; None for one opened here."""
    system: str | None = None
    course: str | None = None
    rollout: str | None = None
    wave: str | None = None

    @classmethod
    def read(cls, written: Mapping[str, object]) -> "Features":
        """From plain JSON; what is absent is not set."""
        return cls().changed(written)

    def changed(self, written: Mapping[str, object]) -> "Features":
        """With the features that `written` (plain JSON) names; names that are none are passed over, "" is "not set"."""
        told: dict[str, object] = {
            name: value if name in _ALWAYS_SET else value or None for name, value in written.items() if name in FEATURES
        }
        if "tags" in told:
            tags = told["tags"]
            told["tags"] = tuple(str(tag) for tag in tags) if isinstance(tags, list | tuple) else ()
        return replace(self, **told)  # type: ignore[arg-type]

    def written(self) -> dict[str, object]:
        """As plain JSON, complete, for the moment that records it."""
        return {name: list(self.tags) if name == "tags" else getattr(self, name) for name in sorted(FEATURES)}

    def values_of(self, feature: str) -> tuple[str, ...]:
        """The values of a feature, folded; one that is not set has the value "" (so that a rule can ask for that)."""
        value = self.tags if feature == "tags" else getattr(self, feature)
        found = value if isinstance(value, tuple) else (value or "",)
        return tuple(each.casefold() for each in found) or ("",)


FEATURES = frozenset(each.name for each in fields(Features))
_ALWAYS_SET = frozenset({"priority", "kind"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """All of `when` hold, each with any of its values, and none of `unless` does. Case makes no difference; "" is "not set"."""

    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for feature, values in (*self.when.items(), *self.unless.items()):
            if feature not in FEATURES:
                raise ConditionInvalid(
                    f"Nothing is called {feature!r}; a rule can ask for {', '.join(sorted(FEATURES))}."
                )
            if not values:
                raise ConditionInvalid(f"The condition on {feature} names no value, so it could never hold.")

    @property
    def asks(self) -> str:
        """The features that it looks at, as words; empty if it holds for every ticket."""
        return " and ".join(dict.fromkeys([*self.when, *self.unless]))

    def check(self, features: Features) -> str | None:
        """None where it holds, else why not, as a clause like "the priority is P3, not P1 or P2"."""
        for feature, wanted in self.when.items():
            found = features.values_of(feature)
            if not any(value.casefold() in found for value in wanted):
                return _missing(feature, features, wanted)
        for feature, excluded in self.unless.items():
            found = features.values_of(feature)
            for value in excluded:
                if value.casefold() in found:
                    return _excluded(feature, value)
        return None


def _missing(feature: str, features: Features, wanted: tuple[str, ...]) -> str:
    if feature == "tags":
        return f"no tag is {_either(wanted)}"
    value = getattr(features, feature)
    if not value:
        return f"no {feature} is set, and it asks for {_either(wanted)}"
    return f"the {feature} is {value}, not {_either(wanted)}"


def _excluded(feature: str, value: str) -> str:
    if feature == "tags":
        return f"the tag {value} is excluded" if value else "tickets without tags are excluded"
    return f"the {feature} {value} is excluded" if value else f"tickets with no {feature} are excluded"


def _either(values: tuple[str, ...]) -> str:
    spoken = [value or "nothing" for value in values]
    return spoken[0] if len(spoken) == 1 else f"{', '.join(spoken[:-1])} or {spoken[-1]}"
