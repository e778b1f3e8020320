"""Writes `docs/events.md` from the models: `python -m shared.events.document docs/events.md`; `--check` only compares."""

import sys
from pathlib import Path
from typing import Any, get_args

from shared.events.catalog import CATALOGUE, OWNERS, stream_of
from shared.events.envelope import Event, Kind

HEAD = """# Events

Made from `shared/events/` by `make format`; do not edit. Every event is a CloudEvents 1.0 document in structured mode with the
extensions `correlationid`, `causationid`, `aggregateversion` and `epoch`, published by its owner's relay.

**state**: a snapshot, applied only if `(epoch, aggregateversion)` is newer than what is held.
**fact**: something that happened; the consumer's inbox guards it, and its handler does not depend on order.
"""


def render() -> str:
    """The whole page."""
    parts = [HEAD]
    for owner in OWNERS:
        events = [model for model in CATALOGUE if model.owner() == owner]
        parts.append(f"\n## {owner} (stream `{stream_of(owner)}`, subjects `{owner}.>`)\n")
        parts.extend(_section(model) for model in events)
    return "".join(parts)


def _section(model: type[Event]) -> str:
    kind = "state" if model.KIND is Kind.STATE else "fact"
    doc = (model.__doc__ or "").strip() if model.__doc__ != Event.__doc__ else ""
    lines = [f"\n### `{model.subject_prefix()}.<{model.KEY}>` ({kind})\n"]
    if doc:
        lines.append(f"{' '.join(doc.split())}\n")
    lines.append("\n| field | type | required |\n|---|---|---|\n")
    for name, field in model.model_fields.items():
        required = "yes" if field.is_required() else "no"
        lines.append(f"| {name} | {_type_name(field.annotation)} | {required} |\n")
    return "".join(lines)


def _type_name(annotation: Any) -> str:
    arguments = get_args(annotation)
    if not arguments:
        return "null" if annotation is type(None) else str(getattr(annotation, "__name__", annotation))
    origin = getattr(annotation, "__origin__", None)
    if origin is not None and getattr(origin, "__name__", "") in ("list", "dict", "tuple"):
        return f"{origin.__name__} of {', '.join(_type_name(one) for one in arguments)}"
    return " or ".join(_type_name(one) if isinstance(one, type) or get_args(one) else repr(one) for one in arguments)


def main(arguments: list[str]) -> int:
    check = "--check" in arguments
    path = Path(next(one for one in arguments if not one.startswith("--")))
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render())
        return 0
    if not path.exists() or path.read_text() != render():
        sys.stderr.write(f"{path} does not match shared/events; run `make format` and commit it.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
