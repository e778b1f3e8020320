import json

import pytest

from shared.events.catalog import BY_TYPE, CATALOGUE, OWNERS
from shared.events.envelope import Kind
from tests.support.event_schemas import SNAPSHOT, breaks, current_schemas

PUBLISHED = json.loads(SNAPSHOT.read_text())


@pytest.mark.parametrize("event_type", sorted(PUBLISHED))
def test_a_published_event_only_grows(event_type: str) -> None:
    assert event_type in BY_TYPE, "a published event may not disappear"
    assert breaks(PUBLISHED[event_type], current_schemas()[event_type]) == []


def test_every_event_of_the_catalogue_is_in_the_snapshot() -> None:
    assert current_schemas() == PUBLISHED, "run `make format` and commit tests/contract/event_schemas.json"


@pytest.mark.parametrize("change", ["gone", "retyped", "newly required"])
def test_the_check_notices_a_break(change: str) -> None:
    published = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}
    current = json.loads(json.dumps(published))
    if change == "gone":
        del current["properties"]["b"]
    elif change == "retyped":
        current["properties"]["b"]["type"] = "string"
    else:
        current["required"].append("b")
    assert breaks(published, current)


def test_every_event_names_an_owner_a_key_and_a_kind_of_its_own() -> None:
    assert len(BY_TYPE) == len(CATALOGUE)
    for model in CATALOGUE:
        assert model.owner() in OWNERS
        assert model.KEY in model.model_fields
        assert model.KIND in Kind


def test_no_event_carries_a_secret_or_a_token() -> None:
    words = ("token", "secret", "password", "api_key")
    fields = [f"{model.NAME}.{name}" for model in CATALOGUE for name in model.model_fields]
    assert [field for field in fields if any(word in field for word in words)] == []
