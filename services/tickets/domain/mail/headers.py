"""Headers as they come: broken encodings, raw bytes and nonsense included. Reading one never fails."""

import re
from contextlib import suppress
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses

MOST_HEADER = 20_000
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
# A control character has no meaning in a text that people read; PostgreSQL stores no NUL, UTF-8 no half of a surrogate pair.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_ADDRESS = re.compile(r"[^@\s<>\"(),;:\\]{1,250}@[^@\s<>\"(),;:\\]{1,250}")


def clean(text: str) -> str:
    """Text that can be stored and shown: line ends are `\\n`, nothing invisible that moves what follows."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def header(message: EmailMessage, name: str) -> str:
    """The first such header on one line, decoded as far as that goes; empty if there is none."""
    found = headers(message, name)
    return found[0] if found else ""


def headers(message: EmailMessage, name: str) -> list[str]:
    """All of them, in their order."""
    return [_decoded(value) for key, value in message.raw_items() if key.lower() == name.lower()]


def _decoded(raw: object) -> str:
    # Bytes that are not ASCII come as surrogates: UTF-8 sent without saying so is the common mistake.
    text = str(raw).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with suppress(Exception):  # a charset nobody knows, or padding that is wrong: better as it stands than not at all
        text = str(make_header(decode_header(text)))
    return " ".join(clean(text).split())[:MOST_HEADER]


def address_in(text: str) -> tuple[str, str] | None:
    """(name, address in lower case) of the first usable address in a header."""
    for name, address in getaddresses([text]):
        if _ADDRESS.fullmatch(address) and len(address) <= 254:
            return name.strip()[:200], address.casefold()
    return None


def addresses_in(texts: list[str]) -> list[str]:
    """Every address in these headers, in lower case."""
    return [address.casefold() for _, address in getaddresses(texts) if _ADDRESS.fullmatch(address)]


def message_ids(text: str) -> tuple[str, ...]:
    """Message-IDs with their brackets, each once, the last one named first: it is the one that is answered."""
    return tuple(dict.fromkeys(reversed(_MESSAGE_ID.findall(text))))
