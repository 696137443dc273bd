"""What the database knows: clusters, their namespaces, and who may see which.

No secret is stored: a cluster refers to kubeconfig files, to a token file on the portal's host, or
to the service account. Names and patterns are checked in `pods.validators`, which forms and
commands share.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from pods.domain.scope import url_name
from pods.domain.sentences import N_
from pods.validators import (
    VERBS,
    source_errors,
    validate_cluster_name,
    validate_namespace,
    validate_namespace_pattern,
    validate_server,
    validate_verbs,
)


def _default_verbs() -> list[str]:
    return [VERBS[0]]


class Cluster(models.Model):
    """One Kubernetes API server with the credentials that the portal uses there.

    `managed` clusters come from the environment (kubeconfig, service account, demo) and are
    entered again at each start; one whose source is gone stays with its grants, `configured` false.
    """

    class Kind(models.TextChoices):
        KUBECONFIG = "kubeconfig", _("a context of a kubeconfig file")
        IN_CLUSTER = "in_cluster", _("the portal's own service account")
        SERVER = "server", _("a server, its CA and a token file")
        DEMO = "demo", _("the demo cluster")

    name = models.CharField(_("name"), max_length=253, unique=True, validators=[validate_cluster_name])
    url_name = models.CharField(_("name in addresses"), max_length=253, unique=True, editable=False)
    kind = models.CharField(_("source"), max_length=16, choices=Kind.choices, default=Kind.KUBECONFIG)
    kubeconfig_paths = models.CharField(_("kubeconfig files"), max_length=4096, blank=True)
    context = models.CharField(_("context"), max_length=253, blank=True)
    server = models.CharField(_("server"), max_length=1024, blank=True, validators=[validate_server])
    ca_file = models.CharField(_("CA file"), max_length=1024, blank=True)
    ca_data = models.TextField(_("CA certificate (PEM)"), blank=True)
    token_file = models.CharField(_("token file"), max_length=1024, blank=True)
    insecure_skip_tls_verify = models.BooleanField(_("do not verify the server's certificate"), default=False)
    default_namespace = models.CharField(
        _("own namespace"), max_length=63, blank=True, validators=[validate_namespace]
    )
    managed = models.BooleanField(_("from the environment"), default=False, editable=False)
    configured = models.BooleanField(_("configured"), default=True, editable=False)
    current = models.BooleanField(_("opens first"), default=False, editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the URL name that follows from the name."""
        self.url_name = url_name(self.name)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Check that the source is whole, and the name tellable from others' in addresses."""
        super().clean()
        errors = source_errors(self)
        clash = Cluster.objects.filter(url_name=url_name(self.name)).exclude(pk=self.pk).first()
        if clash is not None and clash.name != self.name:
            errors["name"] = _("In addresses this would be the same name as that of “%(other)s”.") % {
                "other": clash.name
            }
        if errors:
            raise ValidationError(errors)


class Namespace(models.Model):
    """A namespace of a cluster: discovered, or entered where namespaces cannot be listed."""

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="namespaces", verbose_name=_("cluster"))
    name = models.CharField(_("name"), max_length=63, validators=[validate_namespace])
    hidden = models.BooleanField(_("hidden from all but superusers"), default=False)
    discovered = models.BooleanField(_("discovered"), default=False, editable=False)
    gone_since = models.DateTimeField(_("gone since"), null=True, blank=True, editable=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ("cluster__name", "name")
        verbose_name = _("namespace")
        verbose_name_plural = _("namespaces")
        constraints = [models.UniqueConstraint(fields=["cluster", "name"], name="one_namespace_per_cluster")]

    def __str__(self) -> str:
        return f"{self.cluster}: {self.name}"


class Grant(models.Model):
    """What a group may see: a namespace or a glob over namespaces, of one cluster or of all."""

    group = models.ForeignKey(Group, models.CASCADE, related_name="grants", verbose_name=_("group"))
    cluster = models.ForeignKey(
        Cluster,
        models.CASCADE,
        related_name="grants",
        null=True,
        blank=True,
        verbose_name=_("cluster"),
        help_text=_("Empty: all clusters."),
    )
    namespace = models.CharField(
        _("namespace or glob"),
        max_length=63,
        validators=[validate_namespace_pattern],
        help_text=_("A name, or a pattern such as team-* or *."),
    )
    verbs = models.JSONField(_("rights"), default=_default_verbs, validators=[validate_verbs])
    history = HistoricalRecords()

    class Meta:
        ordering = ("group__name", "cluster__name", "namespace")
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint(
                fields=["group", "cluster", "namespace"],
                name="one_grant_per_pattern",
            ),
            models.UniqueConstraint(
                fields=["group", "namespace"],
                condition=models.Q(cluster=None),
                name="one_grant_per_pattern_everywhere",
            ),
        ]

    def __str__(self) -> str:
        where = self.cluster.name if self.cluster else _("all clusters")
        return f"{self.group}: {where}: {self.namespace} ({', '.join(self.verbs)})"


class SavedView(models.Model):
    """A view of pods under a name: the query of the page's address, checked (pods.viewquery).

    It gives no right: whoever opens it sees what they may see anyway. A `shared` one is offered to
    others who may see all of its namespaces.
    """

    # Without a constraint in the database: a release that does not know this table deletes people as before.
    # A view that is left behind so belongs to nobody, and no query finds it.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="saved_views",
        db_constraint=False,
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(_("query"), max_length=2000)
    cluster = models.CharField(_("cluster"), max_length=253, editable=False)
    shared = models.BooleanField(_("shared"), default=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    updated = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        ordering = ("owner__username", "name")
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_view_per_name")]
        indexes = [models.Index(fields=["shared", "cluster"], name="shared_views_by_cluster")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the cluster that the query names."""
        self.cluster = QueryDict(self.query).get("cluster", "")
        super().save(*args, **kwargs)


class AccessVersion(models.Model):
    """One row whose number grows with every change that could change a decision (pods.signals).

    Each process reads it once a second; only when it grew are the rights read again.
    """

    version = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return str(self.version)


class Ledger(models.Model):
    """No table: it bears the rights to see what this portal holds, and to end it (pods.ledger)."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = (
            ("view_ledger", N_("May see the live ledger: who looks at what, and every watch")),
            ("act_on_ledger", N_("May end viewers and restart watches from the live ledger")),
        )
        verbose_name = _("live ledger")
        verbose_name_plural = _("live ledger")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class Installation(models.Model):
    """One row: the name under which this installation keeps to itself in a Redis that others use as well."""

    name = models.CharField(max_length=40)

    def __str__(self) -> str:
        return self.name
