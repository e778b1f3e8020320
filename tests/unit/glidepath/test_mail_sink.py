"""The mail sink speaks enough SMTP to be delivered to, keeps what it accepted, and finds doubles."""

import asyncio
from pathlib import Path

from glidepath.demo.simulators.journal import Journal
from glidepath.demo.simulators.mail import MailSink

LETTER = (
    b"From: Glidepath <g@example.com>\r\nTo: ada@example.com\r\nSubject: Please sign off\r\nMessage-ID: <m1@g>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nOpen http://127.0.0.1:8080/signoff/abc.def_-1 please.\r\n"
    b"..a line that begins with a dot\r\n.\r\n"
)


class RecordingWriter:
    """Keeps what the server says."""

    def __init__(self) -> None:
        self.said = b""

    def write(self, data: bytes) -> None:
        self.said += data

    async def drain(self) -> None:
        pass

    def close(self) -> None:
        pass


async def converse(sink: MailSink, *lines: bytes) -> list[str]:
    reader = asyncio.StreamReader()
    for line in lines:
        reader.feed_data(line)
    reader.feed_eof()
    writer = RecordingWriter()
    await sink.talk(reader, writer)  # type: ignore[arg-type]  # the three methods it uses are there
    return [line.split(" ")[0] for line in writer.said.decode().splitlines()]


async def deliver(sink: MailSink, letter: bytes = LETTER, to: bytes = b"Ada@example.com") -> list[str]:
    return await converse(
        sink,
        b"EHLO me\r\n",
        b"MAIL FROM:<g@example.com>\r\n",
        b"RCPT TO:<" + to + b">\r\n",
        b"DATA\r\n",
        letter,
        b"QUIT\r\n",
    )


async def test_a_mail_is_kept_with_its_link_and_dots_are_taken_off() -> None:
    sink = MailSink()
    assert await deliver(sink) == ["220", "250", "250", "250", "354", "250", "221"]
    (mail,) = sink.mails_to("ada@example.com", about="sign off")
    assert mail.link == "http://127.0.0.1:8080/signoff/abc.def_-1"
    assert ".a line that begins with a dot" in mail.text
    assert mail.message_id == "<m1@g>"


async def test_a_mail_that_was_cut_off_is_not_accepted() -> None:
    sink = MailSink()
    await converse(sink, b"MAIL FROM:<g@e>\r\n", b"RCPT TO:<a@e>\r\n", b"DATA\r\n", b"Subject: half\r\n")
    assert sink.mails == []


async def test_doubles_are_seen_by_message_id_and_by_content() -> None:
    sink = MailSink()
    await deliver(sink)
    assert sink.doubles() == []
    await deliver(sink, to=b"ben@example.com")
    assert sink.doubles() == []
    await deliver(sink, LETTER.replace(b"m1@g", b"m2@g"))
    assert sink.doubles() == ["'Please sign off' to ada@example.com"]


async def test_the_mailbox_outlives_the_process(tmp_path: Path) -> None:
    await deliver(MailSink(Journal(tmp_path / "mail.jsonl")))
    assert len(MailSink(Journal(tmp_path / "mail.jsonl")).mails) == 1
