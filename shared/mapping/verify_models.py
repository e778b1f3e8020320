"""The `verify` section of a vendor file: which of the few known schemes a sender uses, with its parameters.

The gateway's `domain/signatures.py` carries the schemes out; here they are only checked for being complete.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Scheme(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timestamp(_Scheme):
    """Where the sender says when it signed, and how many seconds off that may be."""

    header: str
    unit: Literal["s", "ms", "iso"] = "s"
    window_seconds: int = Field(gt=0)


class HmacVerify(_Scheme):
    """A keyed digest of what `signed` describes: `{body}` is the raw bytes, `{header:x}` a header's value."""

    scheme: Literal["hmac"]
    digest: Literal["sha1", "sha256", "sha512"]
    encoding: Literal["hex", "base64"]
    header: str
    prefix: str = ""
    signed: str = "{body}"
    secret: Literal["verbatim", "base64", "whsec"] = "verbatim"  # noqa: S105  # how it is read, not a secret
    timestamp: Timestamp | None = None

    @model_validator(mode="after")
    def _the_body_is_signed(self) -> "HmacVerify":
        if "{body}" not in self.signed:
            raise ValueError("a signature that leaves the body out protects nothing: `signed` needs {body}")
        return self


class StandardWebhooksVerify(_Scheme):
    """Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`, secrets `whsec_...`."""

    scheme: Literal["standard_webhooks"]
    window_seconds: int = Field(default=300, gt=0)


class BasicVerify(_Scheme):
    """HTTP Basic; the source's secret is `user:password`."""

    scheme: Literal["basic"]


class TokenVerify(_Scheme):
    """A shared token, in a header (after `prefix`) or in a top-level field of a JSON or form body."""

    scheme: Literal["token"]
    header: str | None = None
    prefix: str = ""
    field: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "TokenVerify":
        if (self.header is None) == (self.field is None):
            raise ValueError("a token is either in a `header` or in a `field` of the body")
        return self


class JwtVerify(_Scheme):
    """The body (or the bearer token) is a JWT, checked against a key set. Algorithms are pinned, never read from the token."""

    scheme: Literal["jwt"]
    jwks_url: str
    algorithms: list[Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]] = Field(min_length=1)
    header: str | None = None


class NoneVerify(_Scheme):
    """Unsigned senders: accepted only from networks that the operator listed for the source."""

    scheme: Literal["none"]


Verify = Annotated[
    HmacVerify | StandardWebhooksVerify | BasicVerify | TokenVerify | JwtVerify | NoneVerify,
    Field(discriminator="scheme"),
]
