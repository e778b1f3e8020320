"""Sign-offs as staff see them."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.rollout.ports.rollouts import SignoffRequest


class SignoffOut(BaseModel):
    """A sign-off. The link is in the mail only."""

    model_config = ConfigDict(from_attributes=True)
    signoff_id: str
    rollout: str
    wave: str
    gate: str
    role: str
    name: str
    email: str
    plan_version: int
    plan_hash: str
    requested_at: AwareDatetime
    decision: str | None
    comment: str
    given_at: AwareDatetime | None
    voided_at: AwareDatetime | None
    void_reason: str | None

    @classmethod
    def of(cls, request: SignoffRequest) -> "SignoffOut":
        return cls(
            signoff_id=request.id, **{name: getattr(request, name) for name in cls.model_fields if name != "signoff_id"}
        )
