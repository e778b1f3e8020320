"""JSON Merge Patch (RFC 7396): what the caller sent is changed, null clears, what is absent stays."""

from typing import Any

from pydantic import BaseModel


def changes(patch: BaseModel) -> dict[str, Any]:
    """The fields that are present in the patch, null included. The model's other fields were not sent."""
    return {name: getattr(patch, name) for name in patch.model_fields_set}
