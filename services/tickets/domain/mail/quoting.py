"""What of an answer is new: the quoted mail below it and the signature are left out of sight. The full text is kept elsewhere."""

import re

MARKER = "Please write your answer above this line."
"""Our own notices say so on a line of their own; whatever a mail program does around it, what is above is new."""
_WROTE = re.compile(
    r"(?:wrote|schrieb(?: am.*)?|a [ée]crit|escribi[óo]|ha scritto|schreef(?: op.*)?|escreveu|napisał(?:\(a\)|a)?|skrev"
    r"|kirjoitti|написала?|пишет)\s*[^:\n]{0,120}:\s*$",
    re.IGNORECASE,
)
_WROTE_BEGINS = re.compile(
    r"(?:(?:on|am|le|el|il|op|em|dnia|den|w dniu)\b|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|.{0,80}<[^\s<>@]+@[^\s<>@]+>)",
    re.IGNORECASE,
)
LONGEST_INTRODUCTION = 400
_ORIGINAL = re.compile(
    r"\s*-{2,}\s*(?:original message|original appointment|urspr(?:ü|ue)ngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|mensagem original|oryginalna wiadomość|ursprungligt meddelande)\s*-{2,}\s*",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s*-{2,}\s*(?:forwarded message|weitergeleitete nachricht|message transf[ée]r[ée]|mensaje reenviado)\b",
    re.IGNORECASE,
)
_FROM = re.compile(r"\s*\*?(?:from|von|de|da|van|od|från|fra)\s?:\*?\s*\S", re.IGNORECASE)
_SENT = re.compile(
    r"\s*\*?(?:sent|date|gesendet|datum|envoy[ée]|enviado(?: el)?|fecha|inviato|data|verzonden|wysłano|skickat|sendt)\s?:\*?",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"(?:sent|von|gesendet|envoy[ée]|enviado|inviato|verstuurd)\b.{0,12}\b(?:my|meinem|mon|mi|mio|mijn|iphone|ipad|android|outlook"
    r"|mobile|handy)\b.{0,60}",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"\b(?:thanks?|thank you|thx|cheers|much appreciated|great|perfect|solved|works(?: now)?|(?:vielen |besten |herzlichen )?dank"
    r"|danke(?:schön)?|merci|gracias|grazie|bedankt|obrigad[oa]|tack|takk|tak|dziękuję)\b",
    re.IGNORECASE,
)
_HOWEVER = re.compile(
    r"\?|\b(?:not|n't|no|still|but|however|again|except|although|unfortunately|nicht|noch|aber|wieder|leider|kein\w*|pas|mais|encore"
    r"|pero|todavía|ma|ancora|niet|maar)\b",
    re.IGNORECASE,
)
MOST_THANKS = 200


def without_quotes(text: str) -> str:
    """The new part of an answer. Answers written between quoted lines are kept as they are; nothing new: the whole text."""
    lines = text.split("\n")
    end = min(_marker_at(lines), _separator_at(lines))
    new = _without_signature(_without_quoted_end(lines[:end]))
    shown = "\n".join(new).strip()
    return shown or text.strip()


def only_thanks(text: str) -> bool:
    """Whether a short answer says thanks and nothing that asks for more."""
    return len(text) <= MOST_THANKS and bool(_THANKS.search(text)) and not _HOWEVER.search(text)


def _marker_at(lines: list[str]) -> int:
    at = next((index for index, line in enumerate(lines) if MARKER.casefold() in line.casefold()), len(lines))
    if at == len(lines):
        return at
    # The line that introduces the quote stands above the marker, which is the quote's first line.
    for back in range(1, 6):
        if at - back >= 0 and _introduces(lines, at - back):
            return at - back
    return at


def _separator_at(lines: list[str]) -> int:
    for index, line in enumerate(lines):
        if _ORIGINAL.fullmatch(line) or _header_block(lines, index):
            return _above_rule(lines, index)
        if _introduces(lines, index) and _all_quoted(lines, _end_of_introduction(lines, index)):
            return index
    return len(lines)


def _header_block(lines: list[str], index: int) -> bool:
    """Outlook quotes without marks: `From:` with `Sent:` right below it, unless that is a forward, which is news."""
    if not _FROM.match(lines[index]) or any(_FORWARDED.match(line) for line in lines[max(0, index - 3) : index]):
        return False
    return any(_SENT.match(line) for line in lines[index + 1 : index + 4])


def _above_rule(lines: list[str], index: int) -> int:
    above = [at for at in range(max(0, index - 2), index) if re.fullmatch(r"\s*[_-]{8,}\s*", lines[at])]
    return above[0] if above else index


def _introduces(lines: list[str], index: int) -> bool:
    """`On Monday, Ada wrote:`, which mail programs break over up to three lines."""
    line = lines[index].strip(" >")
    if len(line) > LONGEST_INTRODUCTION or not _WROTE_BEGINS.match(line):
        return False
    return _end_of_introduction(lines, index) > index


def _end_of_introduction(lines: list[str], index: int) -> int:
    for count in range(1, 4):
        joined = " ".join(line.strip(" >") for line in lines[index : index + count])
        if len(joined) < LONGEST_INTRODUCTION and _WROTE.search(joined):
            return index + count
    return index


def _all_quoted(lines: list[str], start: int) -> bool:
    """Whether nothing new follows: a text without a single quote mark below the introduction is the quote itself."""
    rest = [line for line in lines[start:] if line.strip()]
    marked = [line.lstrip().startswith(">") for line in rest]
    if not any(marked):
        return True
    last = len(marked) - 1 - marked[::-1].index(True)
    after = [line.strip() for line in rest[last + 1 :]]
    return all(marked[: last + 1]) and (not after or after[0] in ("--", "__") or bool(_DEVICE.fullmatch(after[0])))


def _without_quoted_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    return lines[:end]


def _without_signature(lines: list[str]) -> list[str]:
    for index, line in enumerate(lines):
        if line.rstrip() == "--" and any(each.strip() for each in lines[:index]):
            return lines[:index]
    while lines and (not lines[-1].strip() or _DEVICE.fullmatch(lines[-1].strip())):
        lines = lines[:-1]
    return lines
