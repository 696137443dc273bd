"""Keeps `locale/*/LC_MESSAGES/*.po` in line with the texts of the sources, without the gettext programs.

    python -m tools.messages        # make messages: new texts come in, old ones go, what is missing is told

Python is read by Babel, templates by Django's own `templatize` before it. Texts of libraries whose pages
people see (the admin, its history) come along where neither the library nor Django has them in a language;
those of the admin's scripts are in `djangojs.po`.
"""

import gettext
import io
import re
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from tools.programs import say

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
SOURCES = ("pods", "k8sportal", "templates")
LIBRARIES = ("axes", "simple_history", "django/contrib/admin", "django/contrib/auth", "django/forms")
SCRIPTS = "django/contrib/admin/static/admin/js"
DJANGO = ("django/conf", "django/contrib/admin", "django/contrib/auth", "django/contrib/contenttypes")

KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "gettext_noop": None,
}
# What Babel writes into the head of a file that would differ on every run, or is nobody's.
_NOISE = re.compile(
    r'^"(?:Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|'
    r'Language-Team|Generated-By): .*\\n"\n',
    re.MULTILINE,
)
# What Babel takes `_(message["added"]["name"])` of Django's for.
_NO_TEXTS = frozenset({"addedname", "changedname", "deletedname"})
Key = str | tuple[str, ...]
Translated = Callable[[Key, str | None], bool]


def main() -> int:
    """Brings every catalogue in line; 1 while a text has no translation."""
    missing = 0
    for path in catalogues():
        catalogue = update(path)
        for message in untranslated(catalogue):
            missing += 1
            places = ", ".join(sorted({name for name, _ in message.locations}))
            say(f"{path.relative_to(ROOT)}: no translation of {message.id!r} ({places})")
    say("Every text is translated." if not missing else f"{missing} texts are to be translated.")
    return 1 if missing else 0


def catalogues() -> list[Path]:
    """The files of each language: of pages, and of scripts."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


def read(path: Path) -> Catalog:
    """A catalogue as it lies there."""
    with path.open("rb") as file:
        return read_po(file)


def update(path: Path) -> Catalog:
    """Writes a catalogue anew from the sources, keeping its translations; returns it."""
    catalogue = read(path)
    catalogue.update(extracted(path), no_fuzzy_matching=True, update_header_comment=False)
    catalogue.obsolete.clear()
    text = io.BytesIO()
    write_po(text, catalogue, width=100, include_lineno=False, ignore_obsolete=True)
    path.write_text(_NOISE.sub("", text.getvalue().decode("utf-8")), encoding="utf-8")
    return catalogue


def untranslated(catalogue: Catalog) -> Iterator[Message]:
    """The messages that lack a translation, or a plural form of it."""
    for message in catalogue:
        forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and not all(forms):
            yield message


def extracted(path: Path) -> Catalog:
    """Every text there is that belongs into the catalogue `path`."""
    catalogue = Catalog(charset="utf-8", fuzzy=False)
    site, known = _package("django").parent, _known(path.parent.parent.name, path.stem)
    if path.stem == "djangojs":
        for script in sorted((site / SCRIPTS).glob("*.js")):
            add_texts(catalogue, script, str(script.relative_to(site)), known)
        return catalogue
    for folder in SOURCES:
        for source in _files(ROOT / folder):
            add_texts(catalogue, source, str(source.relative_to(ROOT)))
    for name in LIBRARIES:
        for source in _files(site / name):
            add_texts(catalogue, source, str(source.relative_to(site)), known)
    return catalogue


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".py", ".html") and not {"migrations", "locale"} & set(path.parts):
            yield path


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{name} is not installed")
    return Path(spec.origin).parent


def add_texts(catalogue: Catalog, path: Path, name: str, known: Translated = lambda *_: False) -> None:
    """Adds a file's texts, but for those that are `known`."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        # No line may begin with a space: to Python's tokens it would be an indentation.
        source = "\n".join(line.lstrip() for line in templatize(source, origin=name).split("\n"))
    method = "javascript" if path.suffix == ".js" else "python"
    for _, text, comments, context in extract(method, io.BytesIO(source.encode("utf-8")), KEYWORDS):
        if not known(text, context):
            catalogue.add(text, None, [(name, 0)], auto_comments=comments, context=context)


def _known(language: str, domain: str) -> Translated:
    """Whether Django, or a library itself, has a text in `language`."""
    folders = [_package("django").parent / name / "locale" for name in (*LIBRARIES, *DJANGO)]
    found = [gettext.translation(domain, folder, [language], fallback=True) for folder in folders]
    texts = [each._catalog for each in found if isinstance(each, gettext.GNUTranslations)]  # type: ignore[attr-defined]

    def known(key: Key, context: str | None) -> bool:
        single = key if isinstance(key, str) else key[0]
        single = single if context is None else f"{context}\x04{single}"
        return single in _NO_TEXTS or any(single in each or (single, 0) in each for each in texts)

    return known


if __name__ == "__main__":
    sys.exit(main())
