"""Releases of the portal that run side by side: this one, the one before it, and ones yet to come."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from pods.live.messages import FORM
from tests.portal import ROOT, PortalProcess

RUN = "k8sportal.run"
# See its module.
OTHER = "tests.replicas.other_release"
GIT_SECONDS = 60.0
# What no portal runs from.
LEFT_OUT = [f":(exclude){name}" for name in ("docs", "tests", "benchmarks", "tools", "deploy")]


class Release(NamedTuple):
    """Where its code stands, what serves it, and the version of its wire between replicas."""

    name: str
    root: Path = ROOT
    program: str = RUN
    form: int = FORM

    def put_into(self, portal: PortalProcess) -> None:
        """From its next start on the portal is this."""
        portal.root, portal.program = self.root, self.program


THIS = Release("this build")
NEXT_FORM = Release("a build of the next wire", program=OTHER, form=FORM + 1)


def previous(folder: Path) -> Release:
    """The last release before this commit, by its tag, or else the commit before; its code goes to `folder`.

    Where there is no history (a clone of depth 1, an unpacked archive) this build stands for that one, too.
    """
    commit = _git("describe", "--tags", "--abbrev=0", "--match=v[0-9]*", "HEAD~1") or _git(
        "rev-parse", "--short", "--verify", "--quiet", "HEAD~1^{commit}"
    )
    if not commit:
        return Release("this build, since git knows none before it here (a clone without history?)")
    archive = subprocess.run(
        ["git", "archive", commit, "--", ".", *LEFT_OUT],
        cwd=ROOT,
        capture_output=True,
        timeout=GIT_SECONDS,
        check=True,
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, timeout=GIT_SECONDS, check=True)
    # As if its style were another: its page names a file that this build does not have.
    with (folder / "static" / "css" / "base.css").open("a") as style:
        style.write("\n/* of another release */\n")
    form = re.search(r"^FORM = (\d+)", (folder / "pods" / "live" / "messages.py").read_text(), re.MULTILINE)
    assert form is not None
    return Release(commit, folder, form=int(form[1]))


def _git(*words: str) -> str:
    """What git says; "" where it cannot."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
