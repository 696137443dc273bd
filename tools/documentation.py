"""Checks the documents: links lead somewhere, every setting is documented, the contract is there."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)[^)]*\)")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_SETTING = re.compile(r"""ENV\.\w+\(\s*["']([A-Z][A-Z0-9_]*)["']""")

_CHECK_ID = re.compile(r"[EW]\d{3}")


def main() -> int:
    """Prints what is wrong; 1 if anything is."""
    found = [*_broken_links(), *_undocumented_settings()]
    if not (ROOT / "docs" / "contract.md").is_file():
        found.append("docs/contract.md is missing")
    print("\n".join(found))
    return 1 if found else 0


def documents() -> list[Path]:
    """Every Markdown file at the top and under docs/."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def _broken_links() -> Iterator[str]:
    for document in documents():
        text = _CODE.sub("", document.read_text(encoding="utf-8"))
        for target in _LINK.findall(text):
            if not target.startswith(("http://", "https://", "mailto:")) and not _leads_somewhere(
                document, target
            ):
                yield f"{document.relative_to(ROOT)}: the link to {target} leads nowhere"


def _leads_somewhere(document: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = (document.parent / name).resolve() if name else document
    if not path.exists():
        return False
    if not anchor or path.suffix != ".md":
        return True
    return anchor in anchors(path.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings."""
    return {_anchor(heading) for heading in _HEADING.findall(text)}


def _anchor(heading: str) -> str:
    """The anchor that Markdown renderers give a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def settings() -> set[str]:
    """The names of all environment variables that the settings read."""
    text = (ROOT / "k8sportal" / "settings.py").read_text(encoding="utf-8")
    return {name for name in _SETTING.findall(text) if not _CHECK_ID.fullmatch(name)}


def _undocumented_settings() -> Iterator[str]:
    document = ROOT / "docs" / "settings.md"
    text = document.read_text(encoding="utf-8") if document.is_file() else ""
    for name in sorted(settings()):
        if not re.search(rf"`{name}`", text):
            yield f"docs/settings.md: {name} is not documented"


if __name__ == "__main__":
    sys.exit(main())
