"""Notices by e-mail: kept when asked for, sent by a worker, tried again, never lost for want of a mail server."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from services.gateway.domain.delivery import readable
from services.gateway.domain.mail import Mailbox
from services.gateway.domain.notice import (
    PAGES,
    Letter,
    Notice,
    message_id_of,
    one_line,
    retry_at,
    with_link,
    with_reply_hint,
)
from services.gateway.ports import GatewayUnit, Mailer
from shared.clock import Clock, parse_instant, render_instant
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.messages import NotificationRequestedPayload, SignedLink

NO_SERVER = "No mail server is set up (GLIDEPATH_SMTP_HOST); it will be sent once there is one."
BATCH = 20
MOST_REFERENCES = 20
MOST_MESSAGE_ID = 900
"""A header's line may have 998 characters (RFC 5322 2.1.1)."""


class _Units(Protocol):
    def unit(self) -> AbstractAsyncContextManager[GatewayUnit]: ...
    def read(self) -> AbstractAsyncContextManager[GatewayUnit]: ...


async def keep_notice(unit: GatewayUnit, wanted: NotificationRequestedPayload, *, owner: str, now: datetime) -> None:
    """Keep a notice that a service asked for; the same id twice is one notice."""
    link = None
    if wanted.link is not None:
        link = {
            "purpose": wanted.link.purpose,
            "subject": wanted.link.subject,
            "expires_at": render_instant(wanted.link.expires_at),
        }
    await unit.notices.add(
        Notice(
            id=wanted.notification_id,
            owner=owner,
            person_id=wanted.person_id,
            to_email=readable(wanted.to_email)[:320],
            to_name=readable(wanted.to_name)[:400],
            subject=readable(wanted.subject),
            body=readable(wanted.body),
            link=link,
            thread=_thread_of(wanted),
            rollout=wanted.rollout,
            wave=wanted.wave,
            state="waiting",
            attempts=0,
            next_attempt_at=max(now, wanted.not_before or now),
            requested_at=now,
            sent_at=None,
            reason=None,
        )
    )


def _thread_of(wanted: NotificationRequestedPayload) -> dict[str, Any] | None:
    if wanted.thread is None and wanted.in_reply_to is None and not wanted.follows:
        return None
    in_reply_to = one_line(readable(wanted.in_reply_to or ""))[:MOST_MESSAGE_ID] or None
    follows = [readable(each)[:MOST_MESSAGE_ID] for each in wanted.follows[-MOST_REFERENCES:]]
    return {"id": wanted.thread, "in_reply_to": in_reply_to, "follows": follows}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """The worker's step. Real time throughout: links expire and retries wait by it, whatever a demo does to business time."""

    database: _Units
    mailer: Mailer | None
    sign: Callable[[SignedLink], str]
    clock: Clock
    public_url: str
    mail_host: str
    mailbox: Mailbox | None = None
    """Where answers are taken in, if they are."""
    sign_thread: Callable[[str], str] | None = None

    async def send_due(self) -> bool:
        """Send some of what is due; True if there was any."""
        async with self.database.read() as unit:
            due = await unit.notices.due(self.clock.now(), BATCH)
        if not due:
            return False
        if self.mailer is None:
            async with self.database.unit() as unit:
                await unit.notices.make_undeliverable(self.clock.now(), NO_SERVER)
            return True
        for notice in due:
            await self._send(notice, self.mailer)
        return True

    async def wake_undeliverable(self) -> None:
        """At start: what waited for a mail server is due now, if there is one."""
        if self.mailer is not None:
            async with self.database.unit() as unit:
                await unit.notices.wake_undeliverable(self.clock.now())

    async def _send(self, notice: Notice, mailer: Mailer) -> None:
        if notice.link is not None and parse_instant(notice.link["expires_at"]) <= self.clock.now():
            await self._note(notice, "expired", reason="Its link ended before it could be sent.")
            return
        try:
            await mailer.send(self.letter(notice))
        except TemporaryFailure as failure:
            wish = timedelta(seconds=failure.retry_after_seconds or 0)
            again_at = retry_at(notice.attempts + 1, self.clock.now(), wish=wish)
            state = "waiting" if again_at else "failed"
            await self._note(notice, state, next_attempt_at=again_at, reason=str(failure))
        except PermanentFailure as failure:
            await self._note(notice, "failed", reason=str(failure))
        else:
            await self._note(notice, "sent", sent_at=self.clock.now())

    def letter(self, notice: Notice) -> Letter:
        """The e-mail of a notice, its link signed just now."""
        url = None
        if notice.link is not None:
            link = SignedLink.model_validate(notice.link)
            url = f"{self.public_url.rstrip('/')}/{PAGES[link.purpose]}/{self.sign(link)}"
        thread = notice.thread or {}
        reply_to = self._reply_address(thread.get("id"))
        return Letter(
            message_id=message_id_of(notice.id, self.mail_host),
            to_email=notice.to_email,
            to_name=one_line(notice.to_name),
            subject=one_line(notice.subject),
            body=with_link(with_reply_hint(notice.body, reply_to is not None), url),
            reply_to=reply_to,
            in_reply_to=thread.get("in_reply_to"),
            references=tuple(message_id_of(each, self.mail_host) for each in thread.get("follows", ())),
        )

    def _reply_address(self, thread: str | None) -> str | None:
        if thread is None or self.mailbox is None or self.sign_thread is None:
            return None
        return self.mailbox.reply_address(self.sign_thread(thread))

    async def _note(
        self,
        notice: Notice,
        state: str,
        *,
        next_attempt_at: datetime | None = None,
        sent_at: datetime | None = None,
        reason: str | None = None,
    ) -> None:
        structlog.get_logger().info(
            "notice.attempted", notice_id=notice.id, state=state, attempts=notice.attempts + 1, reason=reason
        )
        async with self.database.unit() as unit:
            await unit.notices.note_attempt(
                notice.id,
                state=state,
                attempts=notice.attempts + 1,
                next_attempt_at=next_attempt_at,
                sent_at=sent_at,
                reason=readable(reason)[:2000] if reason else None,
            )
