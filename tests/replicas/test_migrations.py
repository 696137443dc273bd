"""Expand and contract: what a migration may do, so that the release before it goes on working."""

from collections.abc import Iterator

import pytest
from django.db import migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

# The first release that was rolled out beside another. What came before it was one release's schema.
SINCE = 4
# What is added without a word to the older release's own statements.
EXPANDS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RemoveConstraint,
    migrations.RunPython,
    migrations.RunSQL,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.SeparateDatabaseAndState,
)
# Migrations that take away what no release that may still run knows of, by name, with that release. See
# docs/upgrades.md.
CONTRACTS: dict[str, str] = {}


def breaking(migration: Migration) -> Iterator[str]:
    """What it does that the release before could not live with."""
    for operation in migration.operations:
        if not _expands(operation):
            yield f"{migration.name}: {operation.describe()}"


def _expands(operation: Operation) -> bool:
    if isinstance(operation, migrations.AddField):
        # The older release writes rows without it.
        field = operation.field
        return bool(field.null or field.has_db_default() or field.many_to_many)
    return isinstance(operation, EXPANDS)


def test_migrations_keep_the_release_before_working() -> None:
    found = MigrationLoader(None).disk_migrations
    ours = sorted(name for app, name in found if app == "pods")
    assert ours[0].startswith("0001_")
    newer = [name for name in ours if int(name[:4]) >= SINCE and name not in CONTRACTS]
    assert [problem for name in newer for problem in breaking(found["pods", name])] == []


@pytest.mark.parametrize(
    ("operation", "works"),
    [
        (migrations.AddField("grant", "note", models.TextField(null=True)), True),
        (migrations.AddField("grant", "note", models.TextField(db_default="")), True),
        (migrations.AddField("grant", "note", models.TextField(default="")), False),
        (migrations.RemoveField("grant", "namespace"), False),
        (migrations.RenameField("grant", "namespace", "name"), False),
        (migrations.AlterField("grant", "namespace", models.CharField(max_length=3)), False),
        (migrations.DeleteModel("grant"), False),
        (migrations.AddConstraint("grant", models.UniqueConstraint(fields=["group"], name="one")), False),
    ],
    ids=lambda value: value.describe() if isinstance(value, Operation) else str(value),
)
def test_what_a_migration_may_do(operation: Operation, works: bool) -> None:
    made = type("Made", (Migration,), {"operations": [operation]})
    assert (list(breaking(made("0004_next", "pods"))) == []) is works
