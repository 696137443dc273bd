"""The commands of docs/backup.md, as they stand there."""

import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "backup.md"


def commands(section: str) -> tuple[str, str]:
    """How to back up and how to restore, of one section."""
    text = DOCUMENT.read_text(encoding="utf-8").split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    backup, restore = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return backup, restore
