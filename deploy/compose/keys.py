"""Makes what must be secret and different everywhere, at the first start: run by the service `keys`.

    python keys.py FOLDER

Files that are there already stay as they are, so an update changes no password. They are readable by the
portal's user alone, but for the database's password, which that server reads as a user of its own.
"""

import os
import secrets
import sys
from pathlib import Path

DATABASE = "postgres://portal:{password}@database:5432/portal"


def main(folder: Path) -> None:
    """Make the files that are missing in `folder`."""
    keep(folder / "secret_key", secrets.token_urlsafe(50))
    keep(folder / "admin_password", secrets.token_urlsafe(12))
    password = keep(folder / "database_password", secrets.token_urlsafe(24), mode=0o644)
    keep(folder / "database_url", DATABASE.format(password=password))


def keep(path: Path, content: str, mode: int = 0o600) -> str:
    """The content of the file, which is `content` where there was none: written whole or not at all."""
    if not path.exists():
        partial = path.with_name(f".{path.name}.partial")
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            os.fsync(descriptor)
        partial.rename(path)
    return path.read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
