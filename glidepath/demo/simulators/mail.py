"""An SMTP server that keeps what it is given and hands out the links in it."""

import asyncio
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from glidepath.demo.simulators.journal import Journal

_LINK = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as accepted. `message_id` is what a mail system recognises a double by."""

    to: str
    subject: str
    message_id: str
    text: str

    @property
    def links(self) -> list[str]:
        return [link.rstrip(".,)") for link in _LINK.findall(self.text)]

    @property
    def link(self) -> str | None:
        """The first link, which is the one thing the mail asks for."""
        return self.links[0] if self.links else None


class MailSink:
    """Accepts every mail (RFC 5321, no extensions) once it is in the journal."""

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal or Journal()
        self._mails: list[Mail] = [Mail(**entry) for entry in self._journal.entries()]

    @property
    def mails(self) -> list[Mail]:
        """Everything accepted so far, in order."""
        return list(self._mails)

    def mails_to(self, address: str, *, about: str = "") -> list[Mail]:
        """Mails to `address` whose subject or text contains `about`, ignoring case."""
        wanted, part = address.lower(), about.lower()
        return [
            mail
            for mail in self._mails
            if mail.to == wanted and (part in mail.subject.lower() or part in mail.text.lower())
        ]

    def doubles(self) -> list[str]:
        """What was sent to one person more than once: by message id, or by equal subject and text."""
        seen: set[tuple[str, ...]] = set()
        doubles: list[str] = []
        for mail in self._mails:
            keys = {("id", mail.to, mail.message_id), ("text", mail.to, mail.subject, mail.text)}
            if keys & seen:
                doubles.append(f"{mail.subject!r} to {mail.to}")
            seen |= keys
        return doubles

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One SMTP conversation."""
        conversation = _Conversation(self, reader, writer)
        try:
            await conversation.run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other side hung up: nothing was acknowledged that is not in the journal
        finally:
            writer.close()

    def accept(self, recipients: list[str], raw: bytes) -> None:
        """Take a message for each recipient, journal first."""
        message = message_from_bytes(raw, policy=policy.default)
        for recipient in recipients:
            mail = Mail(
                to=recipient.lower(),
                subject=str(message["Subject"] or ""),
                message_id=str(message["Message-ID"] or ""),
                text=_text_of(message),
            )
            with self._journal.lock:
                self._journal.append(
                    {"to": mail.to, "subject": mail.subject, "message_id": mail.message_id, "text": mail.text}
                )
                self._mails.append(mail)


def _text_of(message: Any) -> str:
    part = cast(EmailMessage, message).get_body(preferencelist=("plain", "html"))
    return str(part.get_content()) if part is not None else ""


class _Conversation:
    def __init__(self, sink: MailSink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink = sink
        self._reader = reader
        self._writer = writer
        self._recipients: list[str] = []

    async def run(self) -> None:
        await self._say("220 demo mail server")
        while line := await self._reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    await self._say("250 demo")
                case "MAIL":
                    self._recipients = []
                    await self._say("250 ok")
                case "RCPT":
                    self._recipients.append(_address(rest))
                    await self._say("250 ok")
                case "DATA":
                    await self._take_message()
                case "RSET":
                    self._recipients = []
                    await self._say("250 ok")
                case "NOOP":
                    await self._say("250 ok")
                case "QUIT":
                    await self._say("221 bye")
                    return
                case _:
                    await self._say("502 not known here")

    async def _take_message(self) -> None:
        if not self._recipients:
            await self._say("503 say RCPT first")
            return
        await self._say("354 go on")
        lines: list[bytes] = []
        while (line := await self._reader.readline()) not in (b".\r\n", b".\n"):
            if not line:
                return  # cut off before the end: not accepted
            lines.append(line[1:] if line.startswith(b".") else line)
        self._sink.accept(self._recipients, b"".join(lines))
        self._recipients = []
        await self._say("250 kept")

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()


def _address(rest: str) -> str:
    found = re.search(r"<([^>]*)>", rest)
    return found[1] if found else rest.partition(":")[2].strip()
