"""`manage.py cluster_check`: say in words what of a connection works and what fails."""

import asyncio
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from pods.access import source_of
from pods.kube.check import check_connection
from pods.management.common import find_cluster


class Command(BaseCommand):
    """Exits with 1 where the connection fails."""

    help = "Check the connection to a cluster."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cluster")

    def handle(self, *args: Any, **options: Any) -> None:
        cluster = find_cluster(options["cluster"])
        if not cluster.configured:
            raise CommandError(f"{cluster.name}: its source is gone.")
        findings = asyncio.run(check_connection(source_of(cluster)))
        for finding in findings:
            self.stdout.write(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.sentence}")
        if not all(finding.ok for finding in findings):
            raise CommandError(f"{cluster.name} cannot be used as it is.")
