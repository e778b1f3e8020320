"""Text and HTML, as helpdesks turn one into the other."""

import html
import re


def marked_up(text: str) -> str:
    """As a helpdesk's editor writes what people type."""
    return "<div>" + html.escape(text).replace("\n", "<br>") + "</div>"


def as_read(markup: str) -> str:
    """As people read what an API wrote."""
    lines = re.sub(r"<br\s*/?>\n?", "\n", markup)
    return html.unescape(re.sub(r"<[^<>]*>", "", lines)).strip()
