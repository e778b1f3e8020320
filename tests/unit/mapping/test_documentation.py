"""The examples in docs/vendors.md and docs/helpdesks.md work as they stand, and their tables leave nothing out."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from shared.mapping import RawDelivery, read_vendor_text, understand
from shared.mapping.calls import Call, Calls, ListCall, Paging, Setting, Step
from shared.mapping.expressions import VendorFunctions
from tests.support.helpdesks.plaindesk import VENDOR_FILE
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


HELPDESKS = (Path(__file__).resolve().parents[3] / "docs" / "helpdesks.md").read_text("utf-8")


def test_the_helpdesk_of_the_page_is_the_one_that_the_contract_tests_synchronise_with() -> None:
    example = re.search(r"```yaml\n(.*?)```", HELPDESKS, re.DOTALL)
    assert example is not None
    assert example[1] == VENDOR_FILE.read_text("utf-8")


@pytest.mark.parametrize("model", [Calls, Call, ListCall, Paging, Step, Setting])
def test_every_key_of_a_call_is_on_the_page(model: type[BaseModel]) -> None:
    names = {field.alias or name for name, field in model.model_fields.items()}
    assert [name for name in sorted(names) if f"`{name}`" not in HELPDESKS and f"`{name}:" not in HELPDESKS] == []
