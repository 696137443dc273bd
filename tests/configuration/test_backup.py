"""docs/backup.md on SQLite: what stands there is run, against a portal that runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.backups import commands
from tests.portal import PortalProcess

NAMES = "from django.contrib.auth.models import Group; print(*Group.objects.values_list('name', flat=True))"


def groups(portal: PortalProcess) -> str:
    return portal.manage("shell", "--no-imports", "--command", NAMES).strip()


@pytest.mark.slow
def test_what_was_there_at_the_backup_is_there_after_the_restore(tmp_path: Path) -> None:
    with PortalProcess(environment={"PORTAL_DEMO": "0"}) as portal:
        backup, restore = (
            text.replace(".portal/", f"{portal.folder}/data/").replace(".venv/bin/python", sys.executable)
            for text in commands("SQLite")
        )
        portal.manage("grant", "before", "shop", "--all-clusters", "--create-group")
        subprocess.run(["sh", "-ec", backup], cwd=tmp_path, check=True, timeout=60)
        portal.manage("grant", "after", "shop", "--all-clusters", "--create-group")
        assert groups(portal) == "before after"
        portal.stop()
        subprocess.run(["sh", "-ec", restore], cwd=tmp_path, check=True, timeout=60)
        portal.start()
        assert groups(portal) == "before"
        assert '"ok"' in portal.get("/readyz")
