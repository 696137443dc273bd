"""Forms of the admin where a model's own would say too little."""

from django import forms
from django.utils.translation import gettext_lazy as _

from pods.models import Cluster, Grant, Namespace
from pods.validators import VERBS

VERB_LABELS = {"pods": _("See pods"), "logs": _("Read logs")}
# Neither is chosen by hand: the demo is started with PORTAL_DEMO.
CHOOSABLE = [choice for choice in Cluster.Kind.choices if choice[0] != Cluster.Kind.DEMO]


class ClusterForm(forms.ModelForm):
    """A cluster that an administrator enters; those of the environment are read-only."""

    class Meta:
        model = Cluster
        fields = (
            "name",
            "kind",
            "kubeconfig_paths",
            "context",
            "server",
            "ca_file",
            "ca_data",
            "token_file",
            "insecure_skip_tls_verify",
            "default_namespace",
            "enabled",
        )
        help_texts = {
            "kubeconfig_paths": _("Files on the portal's host, joined by a colon."),
            "token_file": _(
                "A file on the portal's host that holds a bearer token. The token is never stored."
            ),
            "ca_file": _("Empty: the CAs that the portal's host trusts."),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "kind" in self.fields:
            self.fields["kind"] = forms.ChoiceField(choices=CHOOSABLE, label=_("Source"))


class NamespaceListForm(forms.ModelForm):
    """What can be changed in the list of namespaces: each box says of which it is."""

    class Meta:
        model = Namespace
        fields = ("hidden",)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if "hidden" in self.fields:
            label = self.fields["hidden"].label
            self.fields["hidden"].widget.attrs["aria-label"] = f"{self.instance}: {label}"


class GrantForm(forms.ModelForm):
    """A grant, with its rights as boxes to tick."""

    verbs = forms.MultipleChoiceField(
        choices=[(verb, VERB_LABELS[verb]) for verb in VERBS],
        widget=forms.CheckboxSelectMultiple,
        initial=[VERBS[0]],
        label=_("Rights"),
    )

    class Meta:
        model = Grant
        fields = ("group", "cluster", "namespace", "verbs")
