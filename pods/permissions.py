"""Rights in the reader's language: Django keeps their names in the database, in English."""

from typing import Any

from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.db.models import Field, Q
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext

from pods.domain.sentences import N_

_MODELS = ("cluster", "namespace", "grant", "savedview", "ledger")
_NAMES = {
    "add": N_("Can add %(model)s"),
    "change": N_("Can change %(model)s"),
    "delete": N_("Can delete %(model)s"),
    "view": N_("Can view %(model)s"),
}


def permission_name(permission: Permission) -> str:
    """What a right lets people do."""
    model = permission.content_type.model_class()
    for action, name in _NAMES.items():
        if model is None or action not in model._meta.default_permissions:
            continue
        if permission.codename == get_permission_codename(action, model._meta):
            return gettext(name) % {"model": model._meta.verbose_name}
    return gettext(permission.name)


class PermissionChoices(ModelMultipleChoiceField):
    """Rights to choose from."""

    def label_from_instance(self, obj: Permission) -> str:
        """The thing, and what may be done to it."""
        return f"{obj.content_type} | {permission_name(obj)}"


class WithPermissions:
    """For the admins of groups and users.

    Of the portal's own models those with nothing to be seen or changed by people are left out, histories
    among them: a history is open to whoever may see the thing itself.
    """

    def formfield_for_manytomany(
        self, db_field: Field, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        """The rights as PermissionChoices, everything else as it is."""
        if db_field.related_model is Permission:
            kwargs["form_class"] = PermissionChoices
            inner = Q(content_type__app_label="pods") & ~Q(content_type__model__in=_MODELS)
            kwargs["queryset"] = Permission.objects.exclude(inner).select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
