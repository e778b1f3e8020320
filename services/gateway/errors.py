"""What callers of the gateway meet, each a fact with a stable code."""

from shared.errors import Conflict, Forbidden, NotFound, ServiceError, TooLarge, Unauthenticated, Unavailable


class NoSuchPath(NotFound):
    """The public door leads nowhere here."""


class NoSuchSource(NotFound):
    code = "no_such_source"
    title = "No source has this name"


class SignatureRefused(Unauthenticated):
    code = "signature_refused"
    title = "The delivery is not signed as this source signs"


class BodyTooLarge(TooLarge):
    code = "body_too_large"
    title = "The body is too large"


class BodyTooSlow(ServiceError):
    status = 408
    code = "body_too_slow"
    title = "The body did not arrive in time"


class BodyUnreadable(ServiceError):
    status = 400
    code = "body_unreadable"
    title = "The body is not what its content type says"


class MethodNotAllowed(ServiceError):
    status = 405
    code = "method_not_allowed"
    title = "This cannot be done here"


class IntakeFull(Unavailable):
    code = "intake_full"
    title = "Deliveries cannot be taken just now"


class KeyUnknown(Unauthenticated):
    code = "key_unknown"
    title = "The API key is not known"


class UpstreamUnreachable(ServiceError):
    status = 502
    code = "service_unreachable"
    title = "The service behind cannot be reached"


class UpstreamTooSlow(ServiceError):
    status = 504
    code = "service_too_slow"
    title = "The service behind did not answer in time"


class BodyExpired(Conflict):
    code = "body_expired"
    title = "The delivery's body is no longer kept"


class StillRefused(Conflict):
    code = "still_refused"
    title = "The delivery is still refused"


class KeyRevoked(Conflict):
    code = "key_revoked"
    title = "The key was revoked already"


class DemoOnly(Forbidden):
    code = "demo_only"
    title = "Only a demo may do this"
