"""Vendor files: what the deliveries and REST answers of an outside system mean, as data (`docs/vendors.md`)."""

from shared.mapping.engine import (
    Fact,
    ItemProblem,
    RawDelivery,
    Understanding,
    to_json,
    understand,
    understand_answer,
    understand_item,
    understand_page,
)
from shared.mapping.errors import NotUnderstood, VendorFileError
from shared.mapping.intake import (
    IntakeAnswer,
    accepted_answer,
    answer_handshake,
    delivery_id,
    kept_header_names,
)
from shared.mapping.vendor_file import VendorFile, load_vendor, parse_vendor, read_vendor_text, vendor_names

__all__ = [
    "Fact",
    "IntakeAnswer",
    "ItemProblem",
    "NotUnderstood",
    "RawDelivery",
    "Understanding",
    "VendorFile",
    "VendorFileError",
    "accepted_answer",
    "answer_handshake",
    "delivery_id",
    "kept_header_names",
    "load_vendor",
    "parse_vendor",
    "read_vendor_text",
    "to_json",
    "understand",
    "understand_answer",
    "understand_item",
    "understand_page",
    "vendor_names",
]
