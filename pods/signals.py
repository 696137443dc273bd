"""Keep the access version true: every change that could change a decision makes it grow.

Signals miss what is written past the ORM's instances (`QuerySet.update`, `bulk_create`, SQL):
code that does so calls `bump()` itself, in the same transaction.
"""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save

from pods.models import AccessVersion, Cluster, Grant, Namespace

_UID = "pods.access-version"


def bump() -> None:
    """Let the access version grow; seen by others when the transaction commits."""
    if not AccessVersion.objects.filter(pk=1).update(version=F("version") + 1):
        AccessVersion.objects.get_or_create(pk=1, defaults={"version": 2})


def _changed(update_fields: frozenset[str] | None = None, action: str = "", **_: Any) -> None:
    if update_fields is not None and set(update_fields) == {"last_login"}:
        return  # each sign-in writes this; it decides nothing
    if not action.startswith("pre_"):
        bump()


def connect() -> None:
    """Connect the signals; safe to call again."""
    user = get_user_model()
    for model in (Cluster, Namespace, Grant, Group, user):
        post_save.connect(_changed, sender=model, dispatch_uid=f"{_UID}.save.{model.__name__}")
        post_delete.connect(_changed, sender=model, dispatch_uid=f"{_UID}.delete.{model.__name__}")
    m2m_changed.connect(_changed, sender=user.groups.through, dispatch_uid=f"{_UID}.groups")
