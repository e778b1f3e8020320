"""E-mail as a person meant it: what it says, whom it is from, what it answers, and whether a machine wrote it."""

from services.tickets.domain.mail.automatic import why_automatic
from services.tickets.domain.mail.message import Attachment, Mail, NotReadable, read_mail
from services.tickets.domain.mail.quoting import only_thanks, without_quotes

__all__ = ["Attachment", "Mail", "NotReadable", "only_thanks", "read_mail", "why_automatic", "without_quotes"]
