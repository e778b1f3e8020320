"""The published shape of every event; `python -m tests.support.event_schemas` writes what the contract test holds it to."""

import json
from pathlib import Path
from typing import Any

from shared.events.catalog import CATALOGUE

SNAPSHOT = Path(__file__).parent.parent / "contract" / "event_schemas.json"


def current_schemas() -> dict[str, Any]:
    """JSON Schema of each event's payload by its type, without the prose."""
    return {model.type(): _bare(model.model_json_schema()) for model in CATALOGUE}


def _bare(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: _bare(value)
            for key, value in schema.items()
            if key not in ("description", "title") or isinstance(value, dict)
        }
    return [_bare(one) for one in schema] if isinstance(schema, list) else schema


def breaks(published: dict[str, Any], current: dict[str, Any], place: str = "") -> list[str]:
    """What a consumer of the published shape would stumble over: a field gone or retyped, or newly required."""
    found = []
    for name, shape in published.get("properties", {}).items():
        now = current.get("properties", {}).get(name)
        if now is None:
            found.append(f"{place}{name} is gone")
        elif {key: value for key, value in now.items() if key != "default"} != {
            key: value for key, value in shape.items() if key != "default"
        }:
            found.append(f"{place}{name} was {shape}, is {now}")
    newly = set(current.get("required", [])) - set(published.get("required", []))
    found += [f"{place}{name} is newly required" for name in sorted(newly)]
    for name, definition in published.get("$defs", {}).items():
        if "enum" in definition:
            gone = set(definition["enum"]) - set(current.get("$defs", {}).get(name, {}).get("enum", []))
            found += [f"{place}{name} lost {value}" for value in sorted(gone)]
        else:
            found += breaks(definition, current.get("$defs", {}).get(name, {}), f"{place}{name}.")
    return found


def main() -> None:
    SNAPSHOT.write_text(json.dumps(current_schemas(), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
