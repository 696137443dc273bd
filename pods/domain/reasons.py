"""Why a feed is not live, or a request was refused: codes, parameters, and English sentences.

Sentences travel as code and parameters; the page words them in its own language. The English
ones here are what scripts read and what translations start from.
"""

import msgspec

from pods.domain.row import ParamValue
from pods.domain.sentences import N_, render

SENTENCES: dict[str, str] = {
    "first_list": N_("The first list of pods is on its way."),
    "reconnecting": N_("The connection to the Kubernetes API broke and is being made again."),
    "unreachable": N_("The Kubernetes API does not answer: {detail}."),
    "timed_out": N_("The Kubernetes API did not answer within {seconds} s."),
    "events_later": N_("The events have not come yet: they are told as soon as they are there."),
    "certificate": N_("The certificate of the Kubernetes API is not trusted: {detail}."),
    "credentials": N_("The cluster's credentials cannot be used: {detail}."),
    "plugin_missing": N_("The credential plugin {command} is not installed on the portal's host."),
    "plugin_failed": N_("The credential plugin {command} failed with exit code {exit_code}."),
    "plugin_timed_out": N_("The credential plugin {command} gave no answer within {seconds} s."),
    "plugin_answer": N_("The credential plugin {command} gave an answer that is no ExecCredential."),
    "unauthorized": N_("The Kubernetes API does not accept the portal's credentials (401)."),
    "forbidden": N_("The portal's account may not {verbs} {resource} in {where}."),
    "not_found": N_("The Kubernetes API does not know this address (404)."),
    "expired": N_("The Kubernetes API no longer holds the version the watch was at; listing again."),
    "too_many_requests": N_("The Kubernetes API asks to wait {seconds} s before the next request."),
    "server_error": N_("The Kubernetes API answers with an error ({status})."),
    "bad_answer": N_("What answers at the API's address does not speak the Kubernetes API: {detail}."),
    "mute": N_("The watch was silent for {seconds} s and is being opened again."),
    "closed_early": N_("The Kubernetes API closes the watch at once; trying again."),
    "polling": N_("The portal's account may list pods but not watch them: listed every {seconds} s."),
    "owners_by_name": N_(
        "The portal's account may not {verbs} {resource} in {where}: a pod's Deployment is told from names."
    ),
    "too_many_watches": N_("The portal already holds {limit} watches on this cluster."),
    "too_many_logs": N_("The portal already follows {limit} logs on this cluster."),
    "not_configured": N_("The cluster is not configured any more."),
    "log_opening": N_("The log is being opened."),
    "log_over": N_("The log has ended: nothing writes to it any more."),
    "log_waiting": N_("The container {container} has not started yet, so it has written nothing."),
    "log_terminated": N_("The container {container} has ended, and its log is no longer kept."),
    "log_no_previous": N_(
        "The container {container} has not run before, or its earlier log is no longer kept."
    ),
    "log_no_container": N_("The pod has no container {container}."),
    "log_which_container": N_("The pod has several containers: choose one."),
    "log_not_scheduled": N_("The pod has no node yet, so nothing of it has run."),
    "log_no_node": N_("The node of this pod cannot be reached, and its log is there."),
    "log_no_pod": N_("There is no pod of this name any more, and its log went with it."),
}


class Reason(msgspec.Struct, frozen=True):
    """A code of `SENTENCES` with its parameters."""

    code: str
    params: dict[str, ParamValue] = {}

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return render(SENTENCES[self.code], self.params)
