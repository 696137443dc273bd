"""`manage.py namespace_add`: enter a namespace where the cluster does not list them, or hide one."""

from typing import Any

from django.core.management import BaseCommand, CommandParser

from pods.management.common import find_cluster, save_checked
from pods.models import Namespace


class Command(BaseCommand):
    """Enters a namespace, or changes whether one is hidden; entering it twice is no error."""

    help = "Enter a namespace of a cluster. Nobody but superusers sees it until it is granted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster")
        parser.add_argument("namespace")
        hidden = parser.add_mutually_exclusive_group()
        hidden.add_argument("--hidden", action="store_true", default=None, help="from all but superusers")
        hidden.add_argument("--shown", dest="hidden", action="store_false", default=None)

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = find_cluster(options["cluster"])
        found = Namespace.objects.filter(cluster=cluster, name=options["namespace"]).first()
        namespace = found or Namespace(cluster=cluster, name=options["namespace"])
        if options["hidden"] is not None:
            namespace.hidden = options["hidden"]
        save_checked(namespace)
        self.stdout.write(f"{namespace}{' (hidden)' if namespace.hidden else ''}")
