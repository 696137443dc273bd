"""What people read of HTML: texts, and attributes that are shown or spoken."""

from html.parser import HTMLParser

SHOWN = frozenset({"title", "placeholder", "alt", "aria-label", "aria-description", "data-label"})
# Names of keys, code, and what is no text at all.
UNREAD = frozenset({"kbd", "code", "pre", "script", "style", "svg"})


class Reader(HTMLParser):
    """Collects in `texts` what people read."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [value for name, value in attrs if name in SHOWN and value]
        if tag == "input" and given.get("type") in ("submit", "button"):
            self.texts.append(given.get("value") or "")
        if tag in UNREAD or (self._unread and tag == self._unread[-1]):
            self._unread.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unread and tag == self._unread[-1]:
            self._unread.pop()

    def handle_data(self, data: str) -> None:
        if not self._unread and data.strip():
            self.texts.append(" ".join(data.split()))


def read_texts(html: str) -> list[str]:
    """What people read of a page, in its order."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader.texts
