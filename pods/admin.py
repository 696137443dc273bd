"""The admin: clusters, their namespaces, and what groups may see. Every change is kept in a history.

Changes take effect on open pages: saving lets the access version grow (pods.signals).
"""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin

from pods.access import source_of
from pods.domain import reasons
from pods.forms import ClusterForm, GrantForm, NamespaceListForm
from pods.kube import check
from pods.models import Cluster, Grant, Namespace, SavedView
from pods.permissions import WithPermissions
from pods.texts import sentence

admin.site.site_header = gettext_lazy("Portal administration")
admin.site.site_title = gettext_lazy("Portal administration")
admin.site.index_title = gettext_lazy("Clusters and rights")
# Django's own would lack the slash after a path prefix.
admin.site.site_url = reverse_lazy("home")  # type: ignore[assignment]  # lazy, as the site's texts are


class GrantInline(admin.TabularInline):
    """A group's grants on the group's page."""

    model = Grant
    form = GrantForm
    extra = 0


@admin.register(Cluster)
class ClusterAdmin(SimpleHistoryAdmin):
    """Clusters. Those of the environment can be switched off here, and are changed there."""

    form = ClusterForm
    list_display = ("name", "kind", "managed", "configured", "enabled")
    list_filter = ("kind", "managed", "configured", "enabled")
    search_fields = ("name", "server", "context")
    actions = ("check_the_connection",)
    fieldsets = (
        (None, {"fields": ("name", "kind", "default_namespace", "enabled")}),
        (gettext_lazy("A context of a kubeconfig file"), {"fields": ("kubeconfig_paths", "context")}),
        (
            gettext_lazy("A server"),
            {"fields": ("server", "ca_file", "ca_data", "token_file", "insecure_skip_tls_verify")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Cluster | None = None) -> tuple[str, ...]:
        """What comes from the environment is changed there."""
        if obj is None or not obj.managed:
            return ()
        return tuple(name for name in ClusterForm.Meta.fields if name != "enabled")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only: a cluster names files of the portal's host, whose content goes to its server."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        """Superusers only, as for adding."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Cluster | None = None) -> bool:
        """A cluster of the environment would be back at the next start."""
        if obj is not None and obj.managed and obj.configured:
            return False
        return bool(super().has_delete_permission(request, obj))

    @admin.action(description=gettext_lazy("Check the connection"), permissions=["view"])
    def check_the_connection(self, request: HttpRequest, queryset: QuerySet[Cluster]) -> None:
        """Try each cluster and say in words what works and what fails."""
        for cluster in queryset:
            if not cluster.configured:
                text = _("%(cluster)s: its source is gone.") % {"cluster": cluster}
                self.message_user(request, text, messages.ERROR)
                continue
            for finding in async_to_sync(check.check_connection)(source_of(cluster)):
                level = messages.SUCCESS if finding.ok else messages.ERROR
                words = sentence((check.SENTENCES | reasons.SENTENCES)[finding.code], finding.params)
                self.message_user(request, f"{cluster}: {words}", level)


@admin.register(Namespace)
class NamespaceAdmin(SimpleHistoryAdmin):
    """Namespaces: discovered ones, and those entered where the cluster does not list them."""

    list_display = ("name", "cluster", "hidden", "discovered", "gone_since")
    list_editable = ("hidden",)
    list_filter = ("cluster", "hidden", "discovered")
    list_select_related = ("cluster",)
    search_fields = ("name",)
    readonly_fields = ("discovered", "gone_since")

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[NamespaceListForm]:
        """Django's has boxes without a name."""
        return NamespaceListForm


@admin.register(Grant)
class GrantAdmin(SimpleHistoryAdmin):
    """What groups may see."""

    form = GrantForm
    list_display = ("group", "cluster", "namespace", "verbs")
    list_filter = ("group", "cluster")
    list_select_related = ("group", "cluster")
    search_fields = ("namespace", "group__name")


@admin.register(SavedView)
class SavedViewAdmin(admin.ModelAdmin):
    """The views that people keep: looked at, unshared and deleted here; the rest is their owners' alone."""

    list_display = ("name", "owner", "cluster", "shared", "updated")
    list_filter = ("shared", "cluster")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username", "query")
    readonly_fields = ("owner", "name", "query", "cluster", "created", "updated")
    fields = ("owner", "name", "cluster", "query", "shared", "created", "updated")

    def get_readonly_fields(self, request: HttpRequest, obj: SavedView | None = None) -> tuple[str, ...]:
        """What is not shared is shared by its owner alone."""
        fixed = tuple(self.readonly_fields)
        return fixed if obj is not None and obj.shared else (*fixed, "shared")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A view is somebody's own."""
        return False


admin.site.unregister([Group, User])


@admin.register(Group)
class GroupWithGrantsAdmin(WithPermissions, GroupAdmin):
    """Django's groups, with their grants."""

    inlines = (GrantInline,)


@admin.register(User)
class UserWithPermissionsAdmin(WithPermissions, UserAdmin):
    """Django's users, with their rights in the reader's language."""
