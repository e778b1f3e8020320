"""E-mail that comes in: which addresses are ours, and what of a large mail travels on. What it means is read elsewhere."""

from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import Message

SOURCE = "mail"
"""The name under which the delivery log shows mail."""
VENDOR = "rfc5322"
CONTENT_TYPE = "message/rfc822"
LEFT_OUT = "X-Glidepath-Left-Out"
SENT_AGAIN_FOR = timedelta(days=7)
"""A mail system that never saw our answer sends the same bytes again for days (RFC 5321 4.5.4.1: four to five)."""
MOST_TEXT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Our one address. `help@example.org` also takes `help+anything@example.org`, and postmaster, who must be reachable."""

    address: str

    @property
    def local(self) -> str:
        return self.address.rpartition("@")[0].lower()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    def refusal(self, recipient: str) -> str | None:
        """The SMTP answer to a recipient that is not ours (RFC 3463 codes), or None."""
        local, _, domain = recipient.lower().rpartition("@")
        if recipient.lower() == "postmaster":
            return None  # RFC 5321 4.5.1: taken without a domain, too
        if domain != self.domain:
            return f"550 5.7.1 This server takes mail for {self.domain} only"
        if local.partition("+")[0] in (self.local, "postmaster"):
            return None
        return "550 5.1.1 There is no such mailbox here"

    def reply_address(self, token: str) -> str:
        """Where an answer is sent so that it finds its conversation."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{token}@{domain}"


def slimmed(raw: bytes, most: int) -> bytes:
    """The mail without what makes it large: attachments named but empty, texts cut; at most `most` bytes, cut off if need be.

    The raw mail stays in the log as it came. Whatever cannot be taken apart is cut off at a line.
    """
    try:
        message = message_from_bytes(raw, policy=policy.compat32)
        for part in message.walk():
            _lighten(part)
        light = message.as_bytes()
    except Exception:  # a mail that the parser stumbles over must travel all the same
        light = raw
    if len(light) <= most:
        return light
    return light[: light.rfind(b"\n", 0, most) + 1 or most]


def _lighten(part: Message) -> None:
    if part.is_multipart():
        return
    content = part.get_payload(decode=True)
    size = len(content) if isinstance(content, bytes) else 0
    is_text = part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment"
    if is_text and size <= MOST_TEXT_BYTES:
        return
    part[LEFT_OUT] = str(size)
    kept = content[:MOST_TEXT_BYTES] if is_text and isinstance(content, bytes) else b""
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = "8bit"
    part.set_payload(kept.decode("ascii", "surrogateescape"))
