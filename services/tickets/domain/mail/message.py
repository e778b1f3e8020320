"""A raw e-mail taken apart: text out of whatever it is wrapped in, attachments by name, and what it refers to."""

import hashlib
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from services.tickets.domain.mail.automatic import why_automatic
from services.tickets.domain.mail.headers import address_in, addresses_in, clean, header, headers, message_ids
from services.tickets.domain.mail.markup import text_of
from services.tickets.domain.mail.quoting import without_quotes

MOST_TEXT = 200_000
MOST_ATTACHMENTS = 100
MOST_DEPTH = 12
NO_SUBJECT = "(no subject)"
LEFT_OUT = "X-Glidepath-Left-Out"
_PREFIX = re.compile(
    r"\s*(?:re|aw|sv|vs|antw?|odp|r|ref|fwd?|wg|tr|rv|enc|i)\s*(?:\[\d+\]|\(\d+\))?\s*:\s*", re.IGNORECASE
)
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
# What senders say and what they mean (WHATWG's encoding standard makes the same corrections).
_MEANT = {"us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "cp1252", "latin-1": "cp1252", "gb2312": "gb18030"}


class NotReadable(ValueError):
    """Why a mail cannot be understood, for the person who looks at the quarantine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What was attached, by name; `size` in bytes. The content is not kept here."""

    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`text` is all that was written, `shown` the new part of it. `answers`: Message-IDs it refers to, the nearest first."""

    message_id: str | None
    from_email: str
    from_name: str
    subject: str
    text: str
    shown: str
    attachments: tuple[Attachment, ...]
    answers: tuple[str, ...]
    addressed_to: tuple[str, ...]
    """Every address it names as a recipient, in lower case."""
    automatic: str | None
    """Why it is a machine's, or None."""
    key: str
    """Equal for the same mail that came in twice, by whatever way."""

    @property
    def title(self) -> str:
        """The subject without `Re:` and the like, never empty."""
        return _without_prefixes(self.subject) or NO_SUBJECT


def read_mail(raw: bytes, *, mail_from: str, mailbox: str) -> Mail:
    """`NotReadable` with the reason for a mail that nobody could read here."""
    try:
        message = message_from_bytes(raw, policy=policy.default)
        body = _Body()
        body.take(message, 0)
    except RecursionError as error:
        raise NotReadable("It is nested too deeply.") from error
    sender = address_in(header(message, "From")) or address_in(header(message, "Sender")) or address_in(mail_from)
    if sender is None:
        raise NotReadable("It names no sender that could be answered.")
    text = _bounded("\n\n".join(part for part in body.texts if part.strip()))
    subject = header(message, "Subject")
    if not text.strip() and not subject.strip() and not body.attachments:
        raise NotReadable("It is empty: no subject, no text, nothing attached.")
    if body.encrypted and not text.strip():
        raise NotReadable("It is encrypted; ask the sender to send it in the clear or to use the form.")
    message_id = next(iter(message_ids(header(message, "Message-ID"))), None)
    named = [*headers(message, "To"), *headers(message, "Cc"), *headers(message, "Delivered-To")]
    named += [*headers(message, "X-Original-To"), *headers(message, "Envelope-To")]
    referred = " ".join([header(message, "References"), header(message, "In-Reply-To")])
    name, email = sender
    return Mail(
        message_id=message_id,
        from_email=email,
        from_name=name or email,
        subject=subject[:300],
        text=text,
        shown=without_quotes(text),
        attachments=tuple(body.attachments),
        answers=message_ids(referred),
        addressed_to=tuple(dict.fromkeys(addresses_in(named))),
        automatic=why_automatic(message, mail_from=mail_from, sender=email, mailbox=mailbox),
        key=_key(message_id, email, subject, text, raw),
    )


def _key(message_id: str | None, email: str, subject: str, text: str, raw: bytes) -> str:
    # Some devices use one Message-ID for all they send: the text belongs to the key. Without an id the bytes are the key.
    parts = [message_id, email, subject, text] if message_id else [hashlib.sha256(raw).hexdigest()]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def _without_prefixes(subject: str) -> str:
    while (found := _PREFIX.match(subject)) is not None:
        subject = subject[found.end() :]
    return subject.strip()


def _bounded(text: str) -> str:
    text = re.sub(r"\n{4,}", "\n\n\n", text)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n[The rest of {len(text)} characters was left out.]"


class _Body:
    """Texts and attachments in the order in which they stand."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.attachments: list[Attachment] = []
        self.encrypted = False

    def take(self, part: EmailMessage, depth: int) -> None:
        kind = part.get_content_type()
        if depth > MOST_DEPTH:
            self._attach(part, kind)
        elif kind in _ENCRYPTED:
            self.encrypted = True
            self._attach(part, kind)
        elif kind == "multipart/alternative":
            self._take_best(_children(part), depth)
        elif kind == "message/rfc822":
            self._take_nested(part, depth)
        elif part.is_multipart():
            for child in _children(part):
                self.take(child, depth + 1)
        elif kind in ("text/plain", "text/html") and part.get_content_disposition() != "attachment":
            self.texts.append(_text(part, kind))
        elif kind not in _SIGNATURES:
            self._attach(part, kind)

    def _take_best(self, children: list[EmailMessage], depth: int) -> None:
        """Plain text if it says anything; else the richest form that does."""
        plain = [each for each in children if each.get_content_type() == "text/plain"]
        if plain and _text(plain[0], "text/plain").strip():
            self.take(plain[0], depth + 1)
            return
        for child in reversed(children):
            before = len(self.texts)
            self.take(child, depth + 1)
            if any(text.strip() for text in self.texts[before:]):
                return

    def _take_nested(self, part: EmailMessage, depth: int) -> None:
        for inner in _children(part):
            lines = [f"{name}: {header(inner, name)}" for name in ("From", "Date", "Subject") if header(inner, name)]
            self.texts.append("\n".join(["---------- Forwarded message ----------", *lines]))
            self.take(inner, depth + 1)

    def _attach(self, part: EmailMessage, kind: str) -> None:
        if len(self.attachments) >= MOST_ATTACHMENTS:
            return
        left_out = header(part, LEFT_OUT)
        content = part.get_payload(decode=True)
        size = (
            int(left_out)
            if left_out.isdigit() and len(left_out) < 12
            else len(content)
            if isinstance(content, bytes)
            else 0
        )
        self.attachments.append(Attachment(name=_file_name(part, kind), media_type=kind[:100], size=size))


def _children(part: EmailMessage) -> list[EmailMessage]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, EmailMessage)] if isinstance(payload, list) else []


def _file_name(part: EmailMessage, kind: str) -> str:
    try:
        name = part.get_filename() or ""
    except Exception:  # an encoding of the name that the parser stumbles over
        name = ""
    name = clean(name).replace("\n", " ").replace("/", "_").replace("\\", "_").strip()
    return name[:200] or f"unnamed ({kind})"


def _text(part: EmailMessage, kind: str) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    text = _decoded(content, part)
    if kind == "text/html":
        return clean(text_of(text)).strip("\n")
    text = clean(text)
    if str(part.get_param("format", "")).lower() == "flowed":
        text = _unflowed(text)
    return text.strip("\n")


def _decoded(content: bytes, part: EmailMessage) -> str:
    """By the charset that was named if it fits the bytes, else by the one that was probably meant. Never fails."""
    try:
        named = (part.get_content_charset() or "utf-8").lower()
    except Exception:
        named = "utf-8"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        named = "utf-16"
    for charset in (_MEANT.get(named, named), "utf-8", "cp1252"):
        try:
            return content.decode(charset)
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def _unflowed(text: str) -> str:
    """RFC 3676: a line that ends in a space goes on in the next one of the same depth of quotes."""
    lines: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        marks = re.match(r">*", line)
        depth = len(marks[0]) if marks else 0
        words = line[depth:].removeprefix(" ")
        goes_on = words.endswith(" ") and words != "-- "
        if open_depth == depth and words != "-- ":
            lines[-1] += words
        else:
            lines.append(f"{'>' * depth}{' ' if depth else ''}{words}")
        open_depth = depth if goes_on else None
    return "\n".join(line.rstrip() if line != "-- " else line for line in lines)
