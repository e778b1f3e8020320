from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import SecretStr

from shared.auth import ANONYMOUS, PUBLIC, Identities, Identity, Role, roles
from shared.errors import Forbidden, Unauthenticated

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = "a-key-that-is-long-enough"
LEAD = Identity(subject="key:1", kind="key", name="Lead", roles=frozenset({Role.IT_LEAD}), email="lead@example.org")


def claims(**changes: object) -> dict[str, object]:
    now = int(AT.timestamp())
    return {
        "iss": "glidepath-gateway",
        "aud": "tickets",
        "sub": "key:1",
        "iat": now,
        "exp": now + 60,
        "kind": "key",
        "name": "Lead",
        "roles": ["it_lead"],
        "email": None,
    } | changes


def signed(claim_set: dict[str, object], *, alg: str = "HS256", typ: str = "gp-identity+jwt", key: str = KEY) -> str:
    return jwt.encode({"alg": alg, "typ": typ}, claim_set, OctKey.import_key(key.encode()), algorithms=[alg])


def test_an_identity_survives_the_way_to_the_service() -> None:
    identities = Identities(SecretStr(KEY))
    token = identities.mint(LEAD, audience="tickets", now=AT)
    assert identities.read(token, audience="tickets", now=AT + timedelta(seconds=59)) == LEAD


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("a.b.c", id="garbage"),
        pytest.param(signed(claims(), key="another-key-altogether"), id="another key"),
        pytest.param(signed(claims(aud="survey")), id="for another service"),
        pytest.param(signed(claims(iss="somebody")), id="another issuer"),
        pytest.param(signed(claims(), typ="JWT"), id="another kind of token"),
        pytest.param(signed(claims(), alg="HS512"), id="another algorithm"),
        pytest.param(signed(claims(exp=int(AT.timestamp()) - 3600)), id="expired"),
        pytest.param(
            signed(claims(iat=int(AT.timestamp()) + 3600, exp=int(AT.timestamp()) + 7200)), id="from the future"
        ),
        pytest.param(signed(claims(roles=["root"])), id="a role that does not exist"),
        pytest.param(signed({key: value for key, value in claims().items() if key != "exp"}), id="no expiry"),
        pytest.param(
            "eyJhbGciOiJub25lIiwidHlwIjoiZ3AtaWRlbnRpdHkrand0In0." + signed(claims()).split(".")[1] + ".", id="none"
        ),
    ],
)
def test_a_token_that_the_gateway_did_not_mint_for_us_just_now_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        Identities(SecretStr(KEY)).read(token, audience="tickets", now=AT)


def test_a_token_signed_with_rsa_is_refused_whatever_it_claims() -> None:
    key = RSAKey.generate_key(2048)
    token = jwt.encode({"alg": "RS256", "typ": "gp-identity+jwt"}, claims(), key, algorithms=["RS256"])
    with pytest.raises(Unauthenticated):
        Identities(SecretStr(KEY)).read(token, audience="tickets", now=AT)


def test_a_role_that_is_not_in_the_row_is_refused_and_nobody_is_told_to_identify() -> None:
    LEAD.require(roles(Role.IT_LEAD))
    ANONYMOUS.require(PUBLIC)
    with pytest.raises(Forbidden, match="admin, training"):
        LEAD.require(roles(Role.TRAINING))
    with pytest.raises(Unauthenticated):
        ANONYMOUS.require(roles(Role.TRAINING))
