"""`manage.py cluster_remove`: forget a cluster with its namespaces and grants."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from pods.management.common import find_cluster


class Command(BaseCommand):
    """Removes one cluster from the portal; the cluster itself is not touched."""

    help = "Forget a cluster, its namespaces and the grants on it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = find_cluster(options["cluster"])
        if cluster.managed and cluster.configured:
            raise CommandError(
                f"{cluster.name} comes from the environment, and would be back at the next start."
            )
        cluster.delete()
        self.stdout.write(f"Removed {cluster.name}.")
