from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.events.messages import SignedLink
from shared.links import LinkInvalid, LinkSigner

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SIGNER = LinkSigner(SecretStr("a-key-that-is-long-enough"))
LINK = SignedLink(purpose="signoff", subject="s-1", expires_at=AT + timedelta(days=1))


def test_a_link_leads_to_the_one_thing_it_was_made_for() -> None:
    assert SIGNER.read(SIGNER.mint(LINK), purpose="signoff", now=AT) == "s-1"


def test_a_link_works_for_its_own_purpose_only() -> None:
    with pytest.raises(LinkInvalid, match="another page"):
        SIGNER.read(SIGNER.mint(LINK), purpose="survey", now=AT)


def test_a_link_stops_working_at_its_expiry() -> None:
    token = SIGNER.mint(LINK)
    assert SIGNER.read(token, purpose="signoff", now=LINK.expires_at - timedelta(seconds=1))
    with pytest.raises(LinkInvalid, match="expired"):
        SIGNER.read(token, purpose="signoff", now=LINK.expires_at)


@given(st.integers(min_value=0), st.characters())
def test_a_link_with_any_character_changed_does_not_work(place: int, character: str) -> None:
    token = SIGNER.mint(LINK)
    place %= len(token)
    changed = token[:place] + character + token[place + 1 :]
    if changed != token:
        with pytest.raises(LinkInvalid):
            SIGNER.read(changed, purpose="signoff", now=AT)


@given(st.text())
def test_any_text_is_refused_without_a_fault(text: str) -> None:
    with pytest.raises(LinkInvalid):
        SIGNER.read(text, purpose="signoff", now=AT)


def test_a_link_of_another_deployment_does_not_work() -> None:
    with pytest.raises(LinkInvalid):
        LinkSigner(SecretStr("the-key-of-another-place")).read(SIGNER.mint(LINK), purpose="signoff", now=AT)
