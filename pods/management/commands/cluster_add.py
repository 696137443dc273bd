"""`manage.py cluster_add`: enter a cluster, as the admin does."""

from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from pods.management.common import save_checked
from pods.models import Cluster, Namespace


class Command(BaseCommand):
    """Enters one cluster; `cluster_check` tries it."""

    help = "Enter a cluster: a context of a kubeconfig file, the service account, or a server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--context", help="a context of --kubeconfig")
        source.add_argument("--in-cluster", action="store_true", help="the portal's own service account")
        source.add_argument("--server", help="such as https://10.0.0.1:6443")
        parser.add_argument("--kubeconfig", default="", help="kubeconfig files, joined by a colon")
        parser.add_argument("--ca-file", default="", help="the server's CA; without it the host's CAs count")
        parser.add_argument("--token-file", default="", help="a file that holds a bearer token")
        parser.add_argument("--insecure-skip-tls-verify", action="store_true")
        parser.add_argument("--namespace", default="", help="a namespace to enter with it")

    def handle(self, *args: Any, **options: Any) -> None:
        if Cluster.objects.filter(name=options["name"]).exists():
            raise CommandError(f"There is a cluster {options['name']!r} already.")
        cluster = Cluster(
            name=options["name"],
            kind=_kind(options),
            kubeconfig_paths=_absolute(options["kubeconfig"]),
            context=options["context"] or "",
            server=options["server"] or "",
            ca_file=_absolute(options["ca_file"]),
            token_file=_absolute(options["token_file"]),
            insecure_skip_tls_verify=options["insecure_skip_tls_verify"],
            default_namespace=options["namespace"],
        )
        save_checked(cluster)
        if options["namespace"]:
            save_checked(Namespace(cluster=cluster, name=options["namespace"]))
        self.stdout.write(f"Entered {cluster.name}. `manage.py cluster_check {cluster.url_name}` tries it.")


def _kind(options: dict[str, Any]) -> Cluster.Kind:
    if options["server"]:
        return Cluster.Kind.SERVER
    return Cluster.Kind.IN_CLUSTER if options["in_cluster"] else Cluster.Kind.KUBECONFIG


def _absolute(paths: str) -> str:
    """Each of the paths from the root: the portal runs elsewhere than this command."""
    return ":".join(str(Path(path).expanduser().absolute()) for path in paths.split(":") if path)
