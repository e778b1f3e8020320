import pytest
from pydantic import SecretStr

from shared.vault import Unsealable, Vault

VAULT = Vault(SecretStr("an example key of some length"))
ROTATED = Vault(SecretStr("2:a newer key of some length,1:an example key of some length"))


def test_a_sealed_secret_opens_only_for_its_own_row_and_under_its_key() -> None:
    sealed = VAULT.seal_text("s3cret-token", owner="c1")
    assert "s3cret" not in sealed
    assert VAULT.open_text(sealed, owner="c1") == "s3cret-token"
    for vault, text, owner in (
        (VAULT, sealed, "c2"),
        (VAULT, sealed[:-8] + "AAAAAAAA", "c1"),
        (VAULT, sealed[:10], "c1"),
        (VAULT, "", "c1"),
        (VAULT, "no base64 \u00e9", "c1"),
        (Vault(SecretStr("another key of some length")), sealed, "c1"),
        (VAULT, ROTATED.seal_text("s3cret-token", owner="c1"), "c1"),
    ):
        with pytest.raises(Unsealable):
            vault.open_text(text, owner=owner)


def test_the_same_secret_never_looks_the_same_twice() -> None:
    assert VAULT.seal(b"x", owner="c1") != VAULT.seal(b"x", owner="c1")


def test_a_new_key_seals_while_the_old_one_still_opens() -> None:
    old, new = VAULT.seal(b"s3cret", owner="c1"), ROTATED.seal(b"s3cret", owner="c1")
    assert ROTATED.open(old, owner="c1") == ROTATED.open(new, owner="c1") == b"s3cret"
    assert (old[:2], new[:2]) == (b"\x00\x01", b"\x00\x02")


@pytest.mark.parametrize("keys", ["short", "1:an example key of length,1:an other key of length", ""])
def test_a_short_or_doubled_key_is_refused_at_start(keys: str) -> None:
    with pytest.raises(ValueError, match="GLIDEPATH_CREDENTIALS_KEY"):
        Vault(SecretStr(keys))
