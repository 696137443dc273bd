"""No template holds a text outside of its translation tags."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, TokenType

from tests.translations.markup import read_texts

TEMPLATES = Path(settings.BASE_DIR, "templates")
# The product's name, and states of TCP as the kernel calls them.
NAMES = {"k8sportal", "ESTABLISHED", "CLOSE_WAIT"}
WORD = re.compile(r"[\w-]*[^\W\d_]{2}[\w-]*")


def _untranslated(source: str) -> list[str]:
    """The texts of a template that would be the same in every language."""
    outside, passed = [], False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.TEXT and not passed:
            outside.append(token.contents)
        elif token.token_type == TokenType.BLOCK:
            passed = _begins(token.contents) or (passed and not _ends(token.contents))
    return [text for text in read_texts("".join(outside)) if set(WORD.findall(text)) - NAMES]


def _begins(tag: str) -> bool:
    """Whether what follows is no text of the template: it is translated, or a class."""
    return tag.startswith("blocktrans") or re.fullmatch(r"block \w+_class", tag) is not None


def _ends(tag: str) -> bool:
    return tag.startswith(("endblocktrans", "endblock"))


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_no_text_stands_outside_of_translation(path: Path) -> None:
    assert _untranslated(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Sign in</p>",
        '<input placeholder="Find">',
        "<p title='Live'>{{ time }}</p>",
        "{% blocktranslate %}Right{% endblocktranslate %} wrong",
        '<input type="submit" value="Go">',
        "<svg><title>Mark</title></svg><p>登录</p>",
    ],
)
def test_texts_outside_of_translation_are_found(source: str) -> None:
    assert len(_untranslated(source)) == 1


def test_what_is_no_text_is_left_alone() -> None:
    source = """<p class="one two" data-state="live">{% translate "Live" %} · k8sportal <kbd>Esc</kbd> – 3</p>
    {% blocktranslate %}Of <b>{{ name }}</b>{% endblocktranslate %}{# A comment. #}
    <script>let it = 'be';</script>"""
    assert _untranslated(source) == []
