"""`manage.py grant`: let a group see namespaces, or no longer."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from pods.management.common import find_cluster, find_group, save_checked
from pods.models import Grant
from pods.validators import VERBS


class Command(BaseCommand):
    """One grant: a group, a namespace or glob, and a cluster or all. Granting twice is no error."""

    help = "Grant a group the sight of a namespace or glob; --revoke takes that grant away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("group")
        parser.add_argument("namespace", help="a name, or a glob such as team-* (quote it)")
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--cluster")
        where.add_argument("--all-clusters", action="store_true")
        parser.add_argument("--verb", action="append", choices=VERBS, help=f"default: {VERBS[0]}")
        parser.add_argument("--create-group", action="store_true")
        parser.add_argument("--revoke", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        group = find_group(options["group"], create=options["create_group"] and not options["revoke"])
        cluster = find_cluster(options["cluster"]) if options["cluster"] else None
        grant = Grant.objects.filter(group=group, cluster=cluster, namespace=options["namespace"]).first()
        if options["revoke"]:
            if grant is None:
                raise CommandError("There is no such grant.")
            grant.delete()
            self.stdout.write(f"Revoked: {grant}")
            return
        grant = grant or Grant(group=group, cluster=cluster, namespace=options["namespace"])
        grant.verbs = options["verb"] or [VERBS[0]]
        save_checked(grant)
        self.stdout.write(f"Granted: {grant}")
