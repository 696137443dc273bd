"""What the commands share: saying in words what is wrong, and finding things by name."""

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import models

from pods.domain.scope import url_name
from pods.models import Cluster


def save_checked(instance: models.Model) -> None:
    """Check as the admin's forms do, then save. Raises `CommandError` that names each wrong field."""
    try:
        instance.full_clean()
    except ValidationError as error:
        lines = []
        for field, said in error.message_dict.items():
            prefix = "" if field == "__all__" else f"{field}: "
            lines += [f"{prefix}{message}" for message in said]
        raise CommandError("\n".join(lines)) from error
    instance.save()


def find_cluster(name: str) -> Cluster:
    """The cluster of this name or URL name. Raises `CommandError` that lists those there are."""
    found = Cluster.objects.filter(models.Q(name=name) | models.Q(url_name=url_name(name))).first()
    if found is None:
        known = ", ".join(Cluster.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no cluster {name!r}. Known: {known}.")
    return found


def find_group(name: str, *, create: bool) -> Group:
    """The group of this name, made if asked. Raises `CommandError` that lists those there are."""
    found = Group.objects.filter(name=name).first()
    if found is None and create:
        found = Group.objects.create(name=name)
    if found is None:
        known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no group {name!r}. Known: {known}. --create-group makes it.")
    return found
