"""The example in docs/vendors.md works as it stands."""

import re
from pathlib import Path

from shared.mapping import RawDelivery, read_vendor_text, understand
from shared.mapping.expressions import VendorFunctions
from tests.support.vendors import RECEIVED_AT, short

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "vendors.md").read_text("utf-8")


def test_the_example_of_the_page_is_a_vendor_file_that_works() -> None:
    example = re.search(r"```yaml\n(vendor: acme.*?)```", PAGE, re.DOTALL)
    assert example is not None
    body = b'{"payloads": [{"id": "1", "status": "Active", "user": {"number": 7}, "course": {"id": "c"}, "at": "1770091506"}]}'
    delivery = RawDelivery(body=body, content_type="", headers={"X-Acme-Event": "enrolment"}, received_at=RECEIVED_AT)
    (fact,) = understand(read_vendor_text(example[1]), delivery).facts
    assert short(fact) == {
        "type": "enrolment",
        "level": "course",
        "state": "enrolled",
        "person": {"scheme": "external_id", "value": "7"},
        "course": {"id": "c"},
        "occurred_at": "2026-02-03T04:05:06Z",
        "vendor_event": "enrolment",
        "dedupe_key": "1",
    }


def test_every_function_of_our_own_is_on_the_page() -> None:
    own = {name.removeprefix("_func_") for name in vars(VendorFunctions) if name.startswith("_func_")}
    assert [name for name in sorted(own) if f"`{name}(" not in PAGE] == []
