"""The administrator's desk: the portal's own models, changed by a process of its own while the portal runs.

One process for the whole session, because setting Django up costs seconds and most tests change a
right or two. What it does is what the admin does: the same models, with the same signals.
"""

import json
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

from tests.portal import PortalProcess

_DRIVER = """
import json, sys
import django
django.setup()
from importlib import import_module
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from pods.models import Cluster, Grant, Namespace
names = dict(Group=Group, User=User, Session=Session, Cluster=Cluster, Grant=Grant, Namespace=Namespace)
for line in sys.stdin:
    spaces = {**names, **json.loads(line), "result": None}
    try:
        exec(spaces["code"], spaces)
        answer = {"result": spaces["result"]}
    except Exception as error:
        answer = {"error": repr(error)}
    print(json.dumps(answer), flush=True)
"""


class Desk:
    """Runs short pieces of Python in the portal's own settings."""

    def __init__(self, portal: PortalProcess) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER],
            cwd=portal.root,
            env={**portal.environment(), "DJANGO_SETTINGS_MODULE": "k8sportal.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def run(self, code: str, **values: Any) -> Any:
        """Runs `code`, in which `values` are variables; what it left in `result`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"code": code, **values}), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        return answer["result"]

    def person(self, name: str, password: str, *groups: str) -> None:
        """A user, member of these groups."""
        code = """
user, _ = User.objects.get_or_create(username=name)
user.set_password(password)
user.save()
user.groups.set([Group.objects.get_or_create(name=group)[0] for group in groups])
"""
        self.run(code, name=name, password=password, groups=groups)

    def grant(self, group: str, namespace: str, cluster: str = "test", *verbs: str) -> None:
        """Lets a group see the pods of a namespace, or of a glob of them; or gives it other rights there."""
        code = """
Grant.objects.update_or_create(group=Group.objects.get_or_create(name=group)[0], namespace=namespace,
                               cluster=Cluster.objects.get(name=cluster), defaults={"verbs": verbs})
"""
        self.run(code, group=group, namespace=namespace, cluster=cluster, verbs=verbs or ("pods",))

    def revoke(self, group: str, namespace: str) -> None:
        """Takes that grant away."""
        self.run(
            "Grant.objects.get(group__name=group, namespace=namespace).delete()",
            group=group,
            namespace=namespace,
        )

    def hide(self, namespace: str, hidden: bool = True) -> None:
        """Hides a namespace from all but superusers, entering it if the portal has not met it."""
        code = """
row, _ = Namespace.objects.get_or_create(cluster=Cluster.objects.get(name="test"), name=namespace)
row.hidden = hidden
row.save()
"""
        self.run(code, namespace=namespace, hidden=hidden)
