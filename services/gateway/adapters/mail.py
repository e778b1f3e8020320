"""E-mail by SMTP. What the server says decides whether to try again: 4yz and a lost connection yes, 5yz no (RFC 5321 4.2.1)."""

from email.message import EmailMessage
from email.utils import formataddr

import aiosmtplib

from services.gateway.domain.notice import Letter
from services.gateway.settings import GatewaySettings
from shared.errors import PermanentFailure, TemporaryFailure


class SmtpMailer:
    """One connection per letter: notices are few, and a connection that idles is one more thing that breaks."""

    def __init__(self, settings: GatewaySettings) -> None:
        assert settings.smtp_host is not None
        self._settings = settings

    async def send(self, letter: Letter) -> None:
        """`TemporaryFailure` or `PermanentFailure` with what the server said."""
        message = self._message(letter)
        settings = self._settings
        try:
            await aiosmtplib.send(
                message,
                hostname=settings.smtp_host,
                port=settings.smtp_port,
                username=settings.smtp_username,
                password=settings.smtp_password.get_secret_value() if settings.smtp_password else None,
                use_tls=settings.smtp_tls,
                start_tls=False if settings.smtp_tls else settings.smtp_starttls,
                timeout=settings.smtp_timeout_seconds,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _failure(refused.code, refused.message) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _failure(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise TemporaryFailure(f"The mail server cannot be used: {error}") from error

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        try:
            message["From"] = formataddr((self._settings.from_name, self._settings.from_address))
            message["To"] = formataddr((letter.to_name, letter.to_email))
            message["Subject"] = letter.subject
            message["Message-ID"] = letter.message_id
            # No "out of office" answers to a machine (RFC 3834).
            message["Auto-Submitted"] = "auto-generated"
            message["X-Auto-Response-Suppress"] = "All"  # the same, for Exchange
            if letter.reply_to is not None:
                message["Reply-To"] = formataddr((self._settings.from_name, letter.reply_to))
            if letter.in_reply_to is not None:
                message["In-Reply-To"] = letter.in_reply_to
            references = [*letter.references, *filter(None, [letter.in_reply_to])]
            if references:
                message["References"] = " ".join(references)
            message.set_content(letter.body)
        except (ValueError, IndexError, UnicodeError) as error:
            raise PermanentFailure(f"This is no e-mail that can be sent: {error}") from error
        return message


def _failure(code: int, said: str) -> TemporaryFailure | PermanentFailure:
    text = f"The mail server said {code} {said}"
    # 535 and the like are our own credentials: mended by the operator, so not the letter's fault.
    if 500 <= code < 600 and code not in (530, 534, 535, 538):
        return PermanentFailure(text)
    return TemporaryFailure(text)
