"""E-mail as it really comes: taken apart, judged, and never a crash."""

from email import policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tickets.domain.mail import Mail, NotReadable, only_thanks, read_mail, without_quotes
from services.tickets.domain.mail.quoting import MARKER

BOX = "help@example.org"


def read(raw: bytes | EmailMessage, mail_from: str = "ada@example.com") -> Mail:
    return read_mail(
        raw.as_bytes(policy=policy.SMTP) if isinstance(raw, EmailMessage) else raw, mail_from=mail_from, mailbox=BOX
    )


def letter(text: str = "It stalls.", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ada Lovelace <Ada@Example.com>"
    message["To"] = BOX
    message["Subject"] = "Video"
    message["Message-ID"] = "<m1@example.com>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def plain(head: bytes, body: bytes) -> bytes:
    return b"From: ada@example.com\r\nTo: help@example.org\r\n" + head + b"\r\n\r\n" + body


def test_a_plain_mail_is_read() -> None:
    mail = read(
        letter(To="Help <help+42.abc@example.org>, x@example.net", References="<a@x> <b@x>", In_Reply_To="<b@x>")
    )
    assert (mail.from_email, mail.from_name) == ("ada@example.com", "Ada Lovelace")
    assert (mail.title, mail.text, mail.message_id) == ("Video", "It stalls.", "<m1@example.com>")
    assert mail.addressed_to == ("help+42.abc@example.org", "x@example.net")
    assert mail.answers == ("<b@x>", "<a@x>")
    assert mail.automatic is None


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: AW: Fwd: Video", "Video"),
        ("RE[2]: Video", "Video"),
        ("Re:", "(no subject)"),
        ("Reset my password", "Reset my password"),
        ("=?utf-8?q?Caf=C3=A9_stalls?=", "Café stalls"),
        ("=?nonsense?q?Caf=C3=A9?=", None),
    ],
)
def test_a_subject_loses_its_prefixes_and_never_the_mail(subject: str, title: str | None) -> None:
    mail = read(plain(f"Subject: {subject}".encode(), b"x"))
    assert mail.title if title is None else mail.title == title


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (b"text/plain; charset=utf-8", "Grüße".encode(), "Grüße"),
        (b"text/plain; charset=us-ascii", "Grüße".encode(), "Grüße"),
        (b"text/plain; charset=utf-8", "Grüße".encode("cp1252"), "Grüße"),
        (b"text/plain; charset=iso-8859-1", "10 €".encode("cp1252"), "10 €"),
        (b"text/plain; charset=klingon", "Grüße".encode(), "Grüße"),
        (b"text/plain; charset=gb2312", "镕".encode("gb18030"), "镕"),
        (b"text/plain", "Привет".encode("utf-16"), "Привет"),
        (b'text/plain; charset="utf-8', b"open quote", "open quote"),
        (b"text/plain; format=flowed", b"one \r\ntwo\r\n> a \r\n> b\r\nend", "one two\n> a b\nend"),
    ],
)
def test_charsets_are_read_as_they_were_meant(content_type: bytes, body: bytes, text: str) -> None:
    assert read(plain(b"Content-Type: " + content_type, body)).text == text


def test_headers_in_raw_bytes_are_read_as_utf_8() -> None:
    mail = read("From: Zoë <zoe@example.com>\r\nSubject: Größe\r\n\r\nx".encode())
    assert (mail.from_name, mail.title) == ("Zoë", "Größe")


def test_html_alone_becomes_text_with_links_lists_and_quotes() -> None:
    message = letter()
    message.set_content(
        "<html><head><style>p{}</style></head><body><p>Hello&nbsp;<b>desk</b>,</p><div>it <i>stalls</i><br>always</div>"
        "<ul><li>one<li>two</ul><a href='https://x.example/a'>here</a><script>alert(1)</script>"
        "<blockquote>old words</blockquote></body></html>",
        subtype="html",
    )
    mail = read(message)
    assert mail.text == "Hello desk,\n\nit stalls\nalways\n\n- one\n- two\n\nhere <https://x.example/a>\n\n> old words"
    assert mail.shown.endswith("here <https://x.example/a>")


def test_of_two_forms_the_plain_one_is_read_unless_it_says_nothing() -> None:
    message = letter("Plain words")
    message.add_alternative("<p>Rich words</p>", subtype="html")
    assert read(message).text == "Plain words"
    empty = letter(" ")
    empty.add_alternative("<p>Rich words</p>", subtype="html")
    assert read(empty).text == "Rich words"


def test_attachments_are_named_and_not_kept() -> None:
    message = letter()
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="../../screen shot.png")
    message.add_attachment(b"x" * 9, maintype="application", subtype="octet-stream")
    mail = read(message)
    assert [(each.name, each.size) for each in mail.attachments] == [
        (".._.._screen shot.png", 4),
        ("unnamed (application/octet-stream)", 9),
    ]
    light = plain(b"Content-Type: image/png; name=a.png\r\nX-Glidepath-Left-Out: 1200000", b"")
    assert read(light).attachments[0].size == 1_200_000


def test_a_forward_within_a_forward_is_read_to_its_end() -> None:
    inner, middle, outer = letter("The root", Subject="First"), letter("See below", Subject="Second"), letter("FYI")
    middle.add_attachment(inner)
    outer.add_attachment(middle)
    text = read(outer).text
    assert text.index("FYI") < text.index("See below") < text.index("The root")
    assert "Subject: First" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Yes.\n\nOn Mon, 23 Nov 2026 at 10:00, Desk <help@example.org> wrote:\n> Did it help?\n> Desk", "Yes."),
        ("Yes.\n\nOn Mon, 23 Nov 2026 at 10:00, Desk\n<help+42.abc@example.org> wrote:\n> Did it?", "Yes."),
        ("Ja.\n\nAm 23.11.2026 um 10:00 schrieb Desk <help@example.org>:\n> Half es?", "Ja."),
        ("Oui.\n\nLe lun. 23 nov. 2026 à 10:00, Desk <help@example.org> a écrit :\n> Alors ?", "Oui."),
        ("Yes.\n\n-----Original Message-----\nFrom: Desk\nDid it help?", "Yes."),
        (
            "Ja.\n\n________________________________\nVon: Desk\nGesendet: Montag\nAn: Ada\nBetreff: x\n\nHalf es?",
            "Ja.",
        ),
        ("From: Desk\nSent: Monday\nTo: Ada\n\nolder", "From: Desk\nSent: Monday\nTo: Ada\n\nolder"),
        (f"Yes.\n\n> {MARKER}\n> Did it help?", "Yes."),
        (f"Yes.\nOn Monday the desk wrote:\n{MARKER}\nDid it help?", "Yes."),
        ("Yes.\n-- \nAda\nExtension 12", "Yes."),
        ("Yes.\n\nSent from my iPhone", "Yes."),
        ("> Did it help?\nYes, it did.\n> And now?\nFine.", "> Did it help?\nYes, it did.\n> And now?\nFine."),
        (
            "On Mon the desk wrote:\n> Did it help?\nNo, see below.",
            "On Mon the desk wrote:\n> Did it help?\nNo, see below.",
        ),
        ("On the whole it works:\nall is well", "On the whole it works:\nall is well"),
        ("> only a quote", "> only a quote"),
        ("FYI\n\n---------- Forwarded message ----------\nFrom: Bob\nDate: Monday\n\nhis words", None),
    ],
)
def test_of_an_answer_the_new_part_is_shown_and_answers_between_quotes_stay_whole(text: str, shown: str | None) -> None:
    assert without_quotes(text) == (text if shown is None else shown)


@pytest.mark.parametrize("text", ["Thanks!", "Vielen Dank, läuft.", "Perfect, thank you so much!", "merci"])
def test_thanks_are_only_thanks(text: str) -> None:
    assert only_thanks(text)


@pytest.mark.parametrize(
    "text", ["Thanks, but it stalls again.", "Danke, geht noch nicht", "Solved?", "It stalls", "Great. " * 90]
)
def test_thanks_with_a_but_are_more_than_thanks(text: str) -> None:
    assert not only_thanks(text)


AUTOMATIC: list[dict[str, Any]] = [
    {"Auto_Submitted": "auto-replied"},
    {"Auto_Submitted": "auto-generated; type=vacation"},
    {"X_Auto_Response_Suppress": "OOF, AutoReply"},
    {"Precedence": "bulk"},
    {"List_Id": "<all.example.com>"},
    {"X_Autoreply": "yes"},
    {"From": "MAILER-DAEMON@example.com"},
    {"From": "Help desk <help+42.abc@example.org>"},
    {"Subject": "Automatic reply: Your ticket"},
    {"Subject": "Abwesenheitsnotiz: Re: x"},
]


@pytest.mark.parametrize("changed", AUTOMATIC, ids=str)
def test_a_machine_is_recognised(changed: dict[str, str]) -> None:
    assert read(letter(**changed)).automatic


def test_bounces_reports_and_circles_are_recognised() -> None:
    assert read(letter(), mail_from="").automatic
    assert read(plain(b"Content-Type: multipart/report; boundary=b", b"--b\r\n\r\nfailed\r\n--b--")).automatic
    circle = letter()
    for number in range(41):
        circle["Received"] = f"from {number}.example"
    assert "circles" in (read(circle).automatic or "")


@pytest.mark.parametrize(
    "changed", [{"Auto_Submitted": "no"}, {"Precedence": "first-class"}, {"Subject": "Re: Automatic reply"}]
)
def test_a_person_is_not_taken_for_a_machine(changed: dict[str, str]) -> None:
    assert read(letter(**changed)).automatic is None


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no sender"),
        (b"Subject: x\r\n\r\nwho?", "no sender"),
        (b"From: ada@example.com\r\n\r\n \r\n", "empty"),
        (
            plain(
                b"Content-Type: multipart/encrypted; boundary=b",
                b"--b\r\nContent-Type: application/octet-stream\r\n\r\nx\r\n--b--",
            ),
            "encrypted",
        ),
    ],
)
def test_what_nobody_could_read_is_refused_with_the_reason(raw: bytes, says: str) -> None:
    with pytest.raises(NotReadable, match=says):
        read(raw, mail_from="")


def test_the_same_mail_by_two_ways_has_one_key_and_a_second_text_under_one_id_another() -> None:
    once, twice = letter(), letter()
    twice["Received"] = "from elsewhere"
    assert read(once).key == read(twice).key
    assert read(once).key != read(letter("Something else")).key
    nameless = letter()
    del nameless["Message-ID"]
    assert read(nameless).key == read(nameless).key != read(once).key


@settings(max_examples=300, deadline=None)
@given(
    head=st.lists(
        st.sampled_from(
            [
                b"Content-Type: multipart/mixed; boundary=b",
                b"Content-Type: multipart/alternative; boundary=",
                b"Content-Type: text/html; charset=utf-7",
                b"Content-Type: message/rfc822",
                b"Content-Type: text/plain; charset*=x'y'%ff",
                b"Content-Transfer-Encoding: base64",
                b"Content-Transfer-Encoding: uuencode",
                b"Content-Disposition: attachment; filename*0*=utf-8''%E2%28; filename*1=x",
                b"Subject: =?utf-8?b?gA?= =?x?y?z?=",
                b"From: =?utf-8?q?=00?= <a@b>, \xff",
                b"Message-ID: <<x>>",
                b"To: undisclosed-recipients:;",
                b"Received: \x00",
            ]
        )
        | st.binary(max_size=60)
    ),
    body=st.binary(max_size=400)
    | st.just(b"--b\r\nContent-Type: text/html\r\n\r\n<p><a href=x><li><td></div>&#xD800;\r\n--b\r\n"),
)
def test_no_mail_whatsoever_breaks_the_reader(head: list[bytes], body: bytes) -> None:
    try:
        mail = read(plain(b"\r\n".join(head), body))
    except NotReadable:
        return
    for text in (
        mail.subject,
        mail.text,
        mail.shown,
        mail.from_name,
        mail.title,
        *(each.name for each in mail.attachments),
    ):
        text.encode()
        assert "\0" not in text


def test_nesting_without_end_is_refused_not_followed() -> None:
    raw = plain(b"Content-Type: multipart/mixed; boundary=b0", b"")
    for depth in range(3000):
        raw += b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (depth, depth + 1)
    with pytest.raises(NotReadable):
        read(raw)
