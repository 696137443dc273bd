"""The sentences about rollouts that wait or cannot go on. docs/pods-page.md lists the cases.

No code is one of pods.domain.whytexts as well: the page finds both in one section of its catalogue.
"""

from __future__ import annotations

from pods.domain.row import Next, ParamValue, Why
from pods.domain.sentences import N_, render

REASONS: dict[str, str] = {
    "rollout_deadline": N_("No progress was made before its deadline."),
    "rollout_deadline_seconds": N_("No progress was made within its deadline of {seconds} s."),
    "rollout_refused": N_("Its pods cannot be made ({reason}): {message}."),
    "rollout_unseen": N_("Its controller has not taken note of the last change yet."),
    "rollout_on_delete": N_("Its pods are replaced only once they are deleted (OnDelete)."),
    "rollout_partition": N_("Pods below number {partition} stay as they are (partition)."),
    "job_backoff": N_("Its pods failed too often."),
    "job_backoff_limit": N_("Its pods failed more often than its backoffLimit of {limit} allows."),
    "job_deadline": N_("It ran longer than its deadline allows."),
    "job_deadline_seconds": N_("It ran longer than its deadline of {seconds} s allows."),
    "job_failed": N_("It failed ({reason}): {message}."),
}

NEXT: dict[str, str] = {
    "next_rollout_deadline": N_("See why its new pods do not get ready; kubectl rollout undo goes back."),
    "next_rollout_refused": N_("Correct what is refused; it tries again by itself."),
    "next_rollout_unseen": N_("If it stays so, see whether the controller manager runs."),
    "next_rollout_on_delete": N_("Delete its old pods, one after the other."),
    "next_rollout_partition": N_("Lower the partition to go on."),
    "next_job_failed": N_("Read the log of a pod that failed; a failed Job has to be made anew."),
    "next_job_deadline": N_("Raise activeDeadlineSeconds, or find what takes so long; then make it anew."),
}

NEXT_OF = {
    "rollout_deadline": "next_rollout_deadline",
    "rollout_deadline_seconds": "next_rollout_deadline",
    "rollout_refused": "next_rollout_refused",
    "rollout_unseen": "next_rollout_unseen",
    "rollout_on_delete": "next_rollout_on_delete",
    "rollout_partition": "next_rollout_partition",
    "job_backoff": "next_job_failed",
    "job_backoff_limit": "next_job_failed",
    "job_deadline": "next_job_deadline",
    "job_deadline_seconds": "next_job_deadline",
    "job_failed": "next_job_failed",
}

SENTENCES = REASONS | NEXT


def reason(code: str, **params: ParamValue) -> Why:
    """The reason `code` of REASONS, with what to try."""
    step = NEXT_OF[code]
    return Why(code, params, render(REASONS[code], params), next=Next(step, {}, NEXT[step]))
