"""Mail in by SMTP: ours or refused, whole or 552, committed before the 250.

This is no mail server for the internet: spam, DMARC and queues are the business of the mail system in front (docs/mail.md).
"""

import asyncio
import hashlib
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, AnyStr, cast

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.gateway.domain.delivery import Accepted, content_hash, dedupe_key, readable
from services.gateway.domain.mail import CONTENT_TYPE, SENT_AGAIN_FOR, SOURCE, VENDOR, Mailbox
from services.gateway.errors import IntakeFull
from services.gateway.forward.writer import GroupCommit
from services.gateway.settings import GatewaySettings
from shared.clock import Clock, new_id

Room = Callable[[], Awaitable[str | None]]
Count = Callable[[str, str], None]
MOST_RECIPIENTS = 100
"""RFC 5321 4.5.3.1.8: at least that many must be taken."""
MAILS_PER_CONNECTION = 100
LONGEST_LINE = 64 * 1024
"""The standard says 998; senders that write a paragraph as one line are not their readers' fault."""
STOP_SECONDS = 5.0
CALMED = "451 4.3.0 Something went wrong here; try again later"


class _Conversation(SMTP):
    """One connection, which may not send more than a mail and a half without an answer."""

    line_length_limit = LONGEST_LINE

    def __init__(self, door: "MailDoor", **options: Any) -> None:
        self._door = door
        self._unanswered = 0
        self._most_unanswered = 0
        super().__init__(door, **options)
        self._most_unanswered = 2 * (self.data_size_limit or 0) + LONGEST_LINE

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        again = self.session is not None  # STARTTLS begins the same connection anew
        super().connection_made(transport)
        if not again and not self._door.admits(self):
            # uvloop's transports have its methods without being one.
            refused = cast(asyncio.WriteTransport, transport)
            refused.write(b"421 4.3.2 Too many connections; try again later\r\n")
            refused.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._door.left(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._unanswered += len(data)
        if self._unanswered > self._most_unanswered and self.transport is not None:
            # Not even a line end in all that: the library would keep it in memory until one comes.
            cast(asyncio.WriteTransport, self.transport).abort()
            return
        super().data_received(data)

    async def push(self, status: AnyStr) -> None:
        self._unanswered = 0
        await super().push(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLimits:
    bytes: int
    connections: int
    connections_each: int
    seconds: float


class MailDoor:
    """Listens while it is open. The `handle_…` methods are the library's hooks."""

    def __init__(
        self,
        *,
        listen: str,
        mailbox: Mailbox,
        limits: MailLimits,
        tls: ssl.SSLContext | None,
        tls_required: bool,
        writer: GroupCommit,
        clock: Clock,
        room: Room,
        count: Count,
    ) -> None:
        host, _, port = listen.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._mailbox = mailbox
        self._limits = limits
        self._tls = tls
        self._tls_required = tls_required
        self._writer = writer
        self._clock = clock
        self._room = room
        self._count = count
        self._server: asyncio.Server | None = None
        self._open: dict[SMTP, str] = {}
        self._committing = 0
        self._settled = asyncio.Event()
        self._settled.set()
        # It logs every command with its addresses.
        logging.getLogger("mail.log").setLevel(logging.ERROR)

    @property
    def port(self) -> int:
        """The port that is listened on, once it is."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """`OSError` if the address cannot be had: a desk that silently gets no mail is worse than one that does not start."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._conversation, self._host, self._port)
        structlog.get_logger().info("mail.listening", host=self._host, port=self.port)

    async def stop(self) -> None:
        """Nothing new; what is being committed is answered, then the connections end."""
        if self._server is None:
            return
        self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._settled.wait()
        for conversation in list(self._open):
            if conversation.transport is not None:
                conversation.transport.close()
        await self._server.wait_closed()

    def _conversation(self) -> _Conversation:
        return _Conversation(
            self,
            data_size_limit=self._limits.bytes,
            enable_SMTPUTF8=True,
            hostname=self._mailbox.domain,
            ident="ready",
            tls_context=self._tls,
            require_starttls=self._tls_required,
            timeout=self._limits.seconds,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit={"*": 1000, "DATA": MAILS_PER_CONNECTION, "NOOP": 50, "RSET": 200, "VRFY": 5, "HELP": 5},
            loop=asyncio.get_running_loop(),
        )

    def admits(self, conversation: SMTP) -> bool:
        """Whether one more connection may be had from its address; it counts until it `left`."""
        peer = conversation.session.peer if conversation.session is not None else None
        address = str(peer[0]) if peer else "unknown"
        each = Counter(self._open.values())[address]
        if len(self._open) >= self._limits.connections or each >= self._limits.connections_each:
            self._count(SOURCE, "too_many_connections")
            return False
        self._open[conversation] = address
        return True

    def left(self, conversation: SMTP) -> None:
        self._open.pop(conversation, None)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # Nobody logs in here; an AUTH without a mechanism is no offer.
        return [line for line in responses if not line.startswith("250-AUTH")]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self._mailbox.refusal(address)
        if refusal is not None:
            self._count(SOURCE, "not_ours")
            return refusal
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        full = await self._room()
        if full is not None:
            self._count(SOURCE, "no_room")
            return "452 4.3.1 There is no room just now; try again later"
        raw = envelope.original_content or b""
        mail_from = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        accepted = self._accepted(raw, mail_from, [str(each) for each in envelope.rcpt_tos], session)
        self._committing += 1
        self._settled.clear()
        try:
            await self._writer.put(accepted)
        except IntakeFull as error:
            self._count(SOURCE, "busy")
            return f"451 4.3.0 {error.detail}"
        finally:
            self._committing -= 1
            if not self._committing:
                self._settled.set()
        self._count(SOURCE, "accepted")
        return f"250 2.0.0 Kept as {accepted.id}"

    async def handle_exception(self, error: Exception) -> str:
        structlog.get_logger().error("mail.failed", exc_info=error)
        self._count(SOURCE, "failed")
        return CALMED

    def _accepted(self, raw: bytes, mail_from: str, recipients: list[str], session: Session) -> Accepted:
        now = self._clock.now()
        hashed = hashlib.sha256(b"\0".join([mail_from.encode("utf-8", "replace"), raw])).hexdigest()
        to = " ".join(sorted({readable(each) for each in recipients}))
        again = hashlib.sha256(f"{hashed}\0{to}".encode()).hexdigest()
        return Accepted(
            id=new_id(),
            source_id=SOURCE,
            source=SOURCE,
            vendor=VENDOR,
            kind="mail",
            dedupe_key=dedupe_key(None, again),
            dedupe_until=now + SENT_AGAIN_FOR,
            content_hash=content_hash(raw),
            content_type=CONTENT_TYPE,
            headers={
                "mailbox": self._mailbox.address,
                "mail-from": readable(mail_from)[:320],
                "rcpt-to": to,
                "peer": str(session.peer[0]) if session.peer else "",
            },
            body=raw,
            received_at=now,
        )


def make_mail_door(
    settings: GatewaySettings, *, writer: GroupCommit, clock: Clock, room: Room, count: Count
) -> MailDoor | None:
    """As the settings say; None where no mail is taken in. `OSError` or `ssl.SSLError` for TLS files that cannot be used."""
    if settings.mail_listen is None or settings.mail_address is None:
        return None
    limits = MailLimits(
        bytes=settings.mail_most_bytes,
        connections=settings.mail_connections,
        connections_each=settings.mail_connections_each,
        seconds=settings.mail_seconds,
    )
    return MailDoor(
        listen=settings.mail_listen,
        mailbox=Mailbox(settings.mail_address),
        limits=limits,
        tls=_tls(settings.mail_tls_cert, settings.mail_tls_key),
        tls_required=settings.mail_tls_required,
        writer=writer,
        clock=clock,
        room=room,
        count=count,
    )


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context
