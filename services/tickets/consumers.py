"""Events in: parse, call one use case."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.tickets.ports import TicketsUnit
from services.tickets.usecases.delivering import take_delivery
from services.tickets.usecases.following import (
    follow_enrolment,
    follow_person,
    follow_plan,
    follow_source,
    follow_wave,
    forget_person,
)
from services.tickets.usecases.mailing import MailRules, take_mail
from shared.clock import BusinessClock
from shared.consumer import Handler
from shared.errors import PermanentFailure, TemporaryFailure
from shared.events.envelope import Envelope, Event
from shared.events.gateway import HelpdeskDelivered, MailReceived, SourceChanged
from shared.events.rollout import EnrolmentChanged, PersonChanged, PersonErased, PlanApplied, WaveChanged
from shared.mapping import RawDelivery, VendorFile, VendorFileError, parse_vendor

KEPT_VENDOR_FILES = 100


class Deliveries:
    """Handles what helpdesks deliver; keeps vendor files parsed, by the version of their source."""

    def __init__(self, business: BusinessClock) -> None:
        self._business = business
        self._parsed: dict[str, VendorFile] = {}

    async def take(self, unit: TicketsUnit, envelope: Envelope[HelpdeskDelivered], now: datetime) -> None:
        # The gateway receives by real time; a fact without a time of its own counts in business time.
        received_at = envelope.data.received_at + self._business.offset
        delivery = envelope.data.model_copy(update={"received_at": received_at})
        found = await unit.sources.find(delivery.source)
        if found is None:
            # Replicas share the stream: another one may be about to commit the source.
            raise TemporaryFailure(f"The source {delivery.source!r} is not known yet.")
        await take_delivery(
            unit, delivery, _raw(delivery), self._vendor(*found), now, real_now=envelope.data.received_at
        )

    def _vendor(self, version: str, document: dict[str, Any]) -> VendorFile:
        vendor = self._parsed.get(version)
        if vendor is None:
            try:
                vendor = parse_vendor(document)
            except VendorFileError as problem:
                raise PermanentFailure(f"The source's vendor file cannot be used: {problem}") from problem
            if len(self._parsed) >= KEPT_VENDOR_FILES:
                self._parsed.clear()
            self._parsed[version] = vendor
        return vendor


def _raw(delivery: HelpdeskDelivered) -> RawDelivery:
    try:
        body = (
            base64.b64decode(delivery.body, validate=True) if delivery.encoding == "base64" else delivery.body.encode()
        )
    except binascii.Error as problem:
        raise PermanentFailure(f"The delivery's body is not base64: {problem}") from problem
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    return RawDelivery(body=body, content_type=delivery.content_type, headers=headers, received_at=delivery.received_at)


class Mails:
    """Handles mail that came in."""

    def __init__(self, business: BusinessClock, rules: MailRules) -> None:
        self._business = business
        self._rules = rules

    async def take(self, unit: TicketsUnit, envelope: Envelope[MailReceived], now: datetime) -> None:
        data = envelope.data
        try:
            raw = base64.b64decode(data.body, validate=True) if data.encoding == "base64" else data.body.encode()
        except binascii.Error as problem:
            raise PermanentFailure(f"The mail's body is not base64: {problem}") from problem
        received_at = data.received_at + self._business.offset
        await take_mail(unit, data, raw, self._rules, received_at=received_at, now=now)


def mail_handlers(business: BusinessClock, rules: MailRules) -> Mapping[type[Event], Handler[TicketsUnit]]:
    """For the durable `tickets-mail`, beside that of deliveries: neither waits for the other."""
    return {MailReceived: Mails(business, rules).take}


def gateway_handlers(business: BusinessClock) -> Mapping[type[Event], Handler[TicketsUnit]]:
    """For the durable `tickets-deliveries`: sources and deliveries keep their order in one stream."""
    return {SourceChanged: follow_source, HelpdeskDelivered: Deliveries(business).take}


def rollout_handlers() -> Mapping[type[Event], Handler[TicketsUnit]]:
    """For the durable `tickets-directory`."""
    return {
        PlanApplied: follow_plan,
        WaveChanged: follow_wave,
        EnrolmentChanged: follow_enrolment,
        PersonChanged: follow_person,
        PersonErased: forget_person,
    }
