"""docs/backup.md on the PostgreSQL of compose.yaml: what stands there is run, while the portals run."""

from tests.backups import commands
from tests.compose.docker import Stack

NAMES = "from django.contrib.auth.models import Group; print(*Group.objects.values_list('name', flat=True))"


def manage(stack: Stack, *words: str) -> str:
    return stack.compose("exec", "-T", "portal", "python", "manage.py", *words)


def groups(stack: Stack) -> str:
    return manage(stack, "shell", "--no-imports", "--command", NAMES)


def test_what_was_there_at_the_backup_is_there_after_the_restore(fresh: Stack) -> None:
    fresh.up()
    backup, restore = commands("PostgreSQL")
    manage(fresh, "grant", "before", "shop", "--all-clusters", "--create-group")
    fresh.shell(backup)
    manage(fresh, "grant", "after", "shop", "--all-clusters", "--create-group")
    assert groups(fresh) == "before after"
    fresh.shell(restore)
    fresh.up()
    assert groups(fresh) == "before"
