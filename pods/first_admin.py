"""The first user, `admin`: made at the first start only, and never with a password of our choosing
unless the caller shows that password to somebody."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction

NAME = "admin"


def is_needed() -> bool:
    """Whether there is no user yet, or no database to hold one."""
    try:
        return not get_user_model().objects.exists()
    except DatabaseError:
        return True


@transaction.atomic
def create_first_admin(password: str) -> bool:
    """Create the superuser `admin`; False where there is any user already."""
    users = get_user_model().objects
    if users.exists():
        return False
    users.create_superuser(NAME, password=password)
    return True


def create_after_migrating(**_: Any) -> None:
    """After the first migration, where PORTAL_ADMIN_PASSWORD is set (a `post_migrate` receiver)."""
    if settings.PORTAL_ADMIN_PASSWORD:
        create_first_admin(settings.PORTAL_ADMIN_PASSWORD)
