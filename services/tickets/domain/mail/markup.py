"""HTML mail as plain text: what a person would read in it, quotes marked with `>`. No markup survives."""

import re
from html.parser import HTMLParser

_PARAGRAPHS = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"})
_BLOCKS = _PARAGRAPHS | {
    "address",
    "article",
    "aside",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figure",
    "footer",
    "form",
    "header",
}
_BLOCKS |= {"hr", "li", "main", "nav", "section", "tr"}
_SILENT = frozenset({"head", "script", "style", "title", "template", "noscript", "svg"})
MOST_DEPTH = 50


def text_of(html: str) -> str:
    """Readable text; never raises, whatever the markup is like."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._quotes = 0
        self._silent = 0
        self._links: list[tuple[str, str]] = []
        self._pre = 0

    def text(self) -> str:
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
            return
        values = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._end_line()
            if tag in _PARAGRAPHS:
                self._blank()
        if tag == "br":
            self._end_line(even_empty=True)
        elif tag == "li":
            self._line = "- "
        elif tag == "hr":
            self._lines.append(self._prefix() + "-" * 20)
        elif tag in ("td", "th") and self._line:
            self._line += " | "
        elif tag == "blockquote":
            self._quotes = min(self._quotes + 1, MOST_DEPTH)
        elif tag == "pre":
            self._pre += 1
        elif tag == "img" and values.get("alt"):
            self._line += f"[{values['alt'].strip()}]"
        elif tag == "a":
            self._links.append((values.get("href", ""), self._line))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
            return
        if tag == "a" and self._links:
            self._name_target(*self._links.pop())
        if tag in _BLOCKS:
            self._end_line()
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        if tag in _PARAGRAPHS:
            self._blank()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._pre:
            first, *more = data.split("\n")
            self._line += first
            for line in more:
                self._end_line(even_empty=True)
                self._line = line
            return
        text = re.sub(r"[ \t\r\n\f\u00a0\u200b\ufeff]+", " ", data)
        self._line += text.lstrip() if not self._line or self._line.endswith(" ") else text

    def _name_target(self, target: str, before: str) -> None:
        said = self._line.removeprefix(before).strip()
        if target.startswith(("http://", "https://")) and target.rstrip("/") != said.rstrip("/"):
            self._line += f" <{target[:500]}>"

    def _end_line(self, *, even_empty: bool = False) -> None:
        line = self._line.rstrip()
        self._line = ""
        if line or even_empty:
            self._lines.append((self._prefix() + line).rstrip())

    def _blank(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._prefix().rstrip())

    def _prefix(self) -> str:
        return "> " * self._quotes
