"""Every text for people has its translation, and it says what the text says as far as a program can tell."""

import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import babel
import pytest
from babel.messages.catalog import Catalog
from django.conf import settings

from k8sportal.translations import compile_all
from tools import messages

FIELD = re.compile(r"\{[a-z_]+\}|%\([a-z_]+\)s|%[ds]|</?[a-z]+>|&[a-z]+;")
# Between Chinese characters stand full-width signs.
HALF_WIDTH = re.compile(
    r"[\u4e00-\u9fff][,:;!?]|[\u4e00-\u9fff]\.(?!\.)|[(][\u4e00-\u9fff]|[\u4e00-\u9fff][)]"
)
# Names, which are the same in every language.
LATIN = {"IP", "UID", "HTTP Accept", "Pod", "Pods"}


@pytest.fixture(
    scope="module", params=messages.catalogues(), ids=lambda path: f"{path.parent.parent.name}-{path.stem}"
)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def catalogue(path: Path) -> Catalog:
    return messages.read(path)


def _texts(catalogue: Catalog) -> set[str]:
    return {str(message.id) for message in catalogue if message.id}


def _pairs(catalogue: Catalog) -> list[tuple[str, str]]:
    """Each original form with each form of its translation."""
    pairs = []
    for message in catalogue:
        ids = message.id if isinstance(message.id, tuple | list) else [message.id]
        strings = message.string if isinstance(message.string, tuple | list) else [message.string]
        pairs += [(str(ids[-1]), str(string)) for string in strings if message.id]
    return pairs


def test_the_image_compiles_plurals_with_what_it_keeps_of_babel(tmp_path: Path) -> None:
    """Without a language's data Babel writes no rule for its plurals, and they would be English."""
    dockerfile = Path(settings.BASE_DIR, "Dockerfile").read_text(encoding="utf-8")
    kept = re.findall(r"! -name ([a-zA-Z_]+\.dat)", dockerfile)
    package = tmp_path / "babel"
    unused = shutil.ignore_patterns("__pycache__", "*.dat")
    shutil.copytree(Path(babel.__file__).parent, package, ignore=unused)
    for name in ["../global.dat", *kept]:
        shutil.copy(Path(babel.__file__).parent / "locale-data" / name, package / "locale-data" / name)
    for path in messages.catalogues():
        folder = tmp_path / "locale" / path.parts[-3] / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    program = (
        "import pathlib, sys, k8sportal.translations as all_; all_.compile_all(pathlib.Path(sys.argv[1]))"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{settings.BASE_DIR}"}
    command = [sys.executable, "-c", program, str(tmp_path / "locale")]
    subprocess.run(command, env=environment, check=True, timeout=60)
    chinese = gettext.translation("django", tmp_path / "locale", ["zh_Hans"])
    assert chinese.ngettext("{count} pod", "{count} pods", 2) == "{count} 个 Pod"


def test_every_language_that_is_offered_has_a_catalogue() -> None:
    offered = {code for code, _ in settings.LANGUAGES} - {"en"}
    there = {path.parent.parent.name.replace("_", "-").lower() for path in messages.catalogues()}
    assert there == offered


def test_the_catalogue_holds_just_the_texts_there_are(path: Path, catalogue: Catalog) -> None:
    wanted, there = _texts(messages.extracted(path)), _texts(catalogue)
    assert len(wanted) > (400 if path.stem == "django" else 5)
    assert wanted - there == set(), "not in the catalogue: run `make messages`, and translate them"
    assert there - wanted == set(), "no longer in the sources: run `make messages`"


def test_every_text_is_translated(catalogue: Catalog) -> None:
    assert [message.id for message in messages.untranslated(catalogue)] == []
    assert [message.id for message in catalogue if message.fuzzy and message.id] == []


def test_translations_hold_the_same_fields(catalogue: Catalog) -> None:
    wrong = [
        (text, translation)
        for text, translation in _pairs(catalogue)
        if sorted(FIELD.findall(text)) != sorted(FIELD.findall(translation))
    ]
    assert wrong == []


def test_translations_are_chinese_and_set_as_chinese_is(catalogue: Catalog) -> None:
    pairs = [(text, FIELD.sub("", translation)) for text, translation in _pairs(catalogue)]
    untouched = [text for text, said in pairs if not re.search("[\u4e00-\u9fff]", said)]
    assert {text for text in untouched if re.search("[A-Za-z]{2}", FIELD.sub("", text))} - LATIN == set()
    assert [said for _, said in pairs if HALF_WIDTH.search(said)] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('{% translate "One" %} {% firstof text _("Two") %}', {"One", "Two"}),
        (
            "  {% blocktranslate with name=x %}Of <b>{{ name }}</b>{% endblocktranslate %}",
            {"Of <b>%(name)s</b>"},
        ),
        (
            "{% blocktranslate count n=x %}{{ n }} pod{% plural %}{{ n }} pods{% endblocktranslate %}",
            {"('%(n)s pod', '%(n)s pods')"},
        ),
        ("<p>'not a text'\n   (\n{# nor this #}</p>\n  {% trans 'Three' %}", {"Three"}),
    ],
)
def test_texts_of_templates_are_found(tmp_path: Path, source: str, expected: set[str]) -> None:
    template, catalogue = tmp_path / "one.html", Catalog()
    template.write_text(source, encoding="utf-8")
    messages.add_texts(catalogue, template, "one.html")
    assert _texts(catalogue) == expected


def test_translations_are_compiled_once_and_again_when_they_changed(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / path.parent.parent.name / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source, compiled = folder / path.name, folder / f"{path.stem}.mo"
    shutil.copy(path, source)
    compile_all(tmp_path)
    first = compiled.stat()
    text, translation = next(pair for pair in _pairs(messages.read(source)) if "%" not in pair[0])
    with compiled.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext(text) == translation
    compile_all(tmp_path)
    assert compiled.stat().st_ino == first.st_ino
    os.utime(source, ns=(first.st_mtime_ns + 10**9, first.st_mtime_ns + 10**9))
    compile_all(tmp_path)
    assert compiled.stat().st_ino != first.st_ino
    assert sorted(each.name for each in folder.iterdir()) == [compiled.name, source.name]
