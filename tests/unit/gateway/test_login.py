"""Login links and sessions."""

from datetime import timedelta

from services.gateway.domain.login import csrf_of, hash_of, new_token, session_cookie
from services.gateway.domain.source import is_source_name


def test_tokens_differ_and_are_stored_only_as_hashes() -> None:
    token = new_token()
    assert token != new_token()
    assert token not in hash_of(token)
    assert csrf_of(token) not in (hash_of(token), token)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites() -> None:
    cookie = session_cookie("t", secure=True, lasting=timedelta(hours=1))
    assert cookie == "glidepath_session=t; Path=/; HttpOnly; SameSite=Strict; Max-Age=3600; Secure"
    assert "Secure" not in session_cookie("t", secure=False)


def test_source_names_are_plain() -> None:
    assert is_source_name("moodle-test")
    for name in ("", "-x", "Moodle", "a b", "a/b", "a" * 64, "ä", "x\n"):
        assert not is_source_name(name)
