"""The texts of the page's JavaScript: one catalogue, in the reader's language.

The page's scripts hold no sentence of their own. Everything that they show comes from here as JSON,
translated when the page is made: the page's own words (`ui`), and the sentences behind the codes
that travel in rows and frames (`why`, `feed`, `error`, `end`). Fields in braces are filled in by
static/js/pods/texts.js.
"""

from collections.abc import Mapping

from django.utils.translation import gettext, ngettext

from pods.domain import arrival, protocol, reasons, rollouttexts, selectors, whytexts
from pods.domain.details import Detail
from pods.domain.row import ParamValue
from pods.domain.sentences import N_, render
from pods.palette_texts import PALETTE, VIEWS

Entry = str | dict[str, str]

UI: dict[str, str] = {
    "live": N_("Live"),
    "polling": N_("Polling"),
    "catching_up": N_("Catching up"),
    "polling_instead": N_("The page asks for the pods every 5 seconds instead."),
    "stale": N_("Stale since"),
    "stale_unknown": N_("Stale"),
    "signed_out": N_("Signed out"),
    "signed_out_help": N_("Your session has ended, so the pods are no longer shown."),
    "ended": N_("Not connected"),
    "stale_never": N_("Stale: no pods have been received yet."),
    "stale_since": N_("Stale since {time}, {age} ago."),
    "as_of": N_("as of {time}, your time"),
    "ago": N_("({age} ago)"),
    "why_since": N_("Since {time}."),
    "gone": N_("Gone {time}"),
    "left": N_("Left {time}"),
    "left_word": N_("left"),
    "gone_help": N_("This pod is no longer in the cluster."),
    "health_failing": N_("Failing"),
    "health_waiting": N_("Not ready yet"),
    "health_running": N_("Running"),
    "health_done": N_("Completed"),
    "rollout_done": N_("Rolled out"),
    "rollout_progressing": N_("Rolling out"),
    "rollout_waiting": N_("Waiting for pods"),
    "rollout_running": N_("Running"),
    "rollout_stuck": N_("Stuck"),
    "rollout_failed": N_("Failed"),
    "rollout_paused": N_("Paused"),
    "rollout_for": N_("{state} for {age}"),
    "rollout_ready": N_("{ready} of {desired} ready"),
    "rollout_succeeded": N_("{ready} of {desired} succeeded"),
    "rollout_reached": N_("{count} of {most}"),
    "rollout_updated": N_("{count} updated"),
    "rollout_active": N_("{count} active"),
    "rollout_old": N_("old {name}: {count}"),
    "rollout_new": N_("new {name}: {count}"),
    "no_owner": N_("Without an owner"),
    "no_node": N_("On no node"),
    "loading": N_("Loading pods"),
    "loading_help": N_("The first list is on its way."),
    "no_rows_stale": N_("No pods to show yet"),
    "no_rows_stale_help": N_("The reason stands above. The page tries again by itself."),
    "not_readable": N_("The portal may not read these pods"),
    "not_readable_help": N_("What is missing stands above. Once it is given, the pods show by themselves."),
    "no_pods": N_("No pods here"),
    "no_pods_help": N_("Nothing runs here now. New pods show as soon as they are made."),
    "no_pods_filtered": N_("No pod matches"),
    "nothing_matches": N_("Nothing matches"),
    "no_such_pod": N_("No pod of this name"),
    "no_such_pod_help": N_("It is not, or no longer, in this namespace. It shows here as soon as it exists."),
    "other_version": N_(
        "The portal runs another version now. This page goes on; reload it when it suits you."
    ),
    "kind_init": N_("init"),
    "kind_sidecar": N_("sidecar"),
    "kind_ephemeral": N_("ephemeral"),
    "state_unknown": N_("Not started"),
    "state_waiting": N_("Waiting: {reason}"),
    "state_waiting_now": N_("Waiting"),
    "state_running": N_("Running for {age}"),
    "state_running_now": N_("Running"),
    "state_terminated": N_("Ended with exit code {code}, {reason}, {age} ago"),
    "state_terminated_once": N_("Ended with exit code {code}, {reason}"),
    "last_run": N_("Before that: {state}"),
    "restarted": N_("Restarts: {count}"),
    "no_events": N_("The cluster keeps no events of this pod. They are usually kept for an hour."),
    "log_opening": N_("Opening"),
    "log_following": N_("Following"),
    "log_paused": N_("Paused"),
    "log_broken": N_("Interrupted"),
    "log_ended": N_("Ended"),
    "log_refused": N_("Not shown"),
    "log_count": N_("{shown} of {all} lines"),
    "counts_unknown": N_("not counted"),
    "counts_stale": N_("The counts are old: the portal does not answer. The page tries again by itself."),
    "column_namespace": N_("Namespace"),
    "column_ready": N_("Ready"),
    "column_status": N_("Status"),
    "column_restarts": N_("Restarts"),
    "column_age": N_("Age"),
    "column_node": N_("Node"),
    "column_ip": N_("IP"),
    "column_owner": N_("Owner"),
    "kubectl_left": N_("The command does not narrow by {terms}"),
    "where_all": N_("all namespaces"),
    "where_one": N_("namespace {name}"),
    "want_ready": N_("When it is ready"),
    "want_restart": N_("When it restarts"),
    "want_done": N_("When the rollout is done"),
    "want_stuck": N_("When the rollout is stuck"),
    "waits_ready": N_("{name}: ready"),
    "waits_restart": N_("{name}: restarts"),
    "waits_done": N_("{name}: rollout done"),
    "waits_stuck": N_("{name}: rollout stuck"),
    "told_ready": N_("{name} is ready"),
    "told_restart": N_("{name} has restarted"),
    "told_completed": N_("{name} has completed"),
    "told_gone": N_("{name} is gone"),
    "told_done": N_("The rollout of {name} is done"),
    "told_stuck": N_("The rollout of {name} is stuck"),
    "copied": N_("Copied"),
    "copy_by_key": N_("Selected: press Ctrl C"),
}

# Why a connection ended for good, and what to do; the keys are the outcomes of protocol.js.
END: dict[str, str] = {
    "closed": N_("The portal closed the connection."),
    "broken": N_("This page and the portal do not understand each other. Reload the page."),
    "overloaded": N_("The portal has no room at the moment. The page comes back by itself."),
    "bad_request": N_("Check the page's address."),
    "signed_out": N_("Sign in to go on where you were."),
    "forbidden": N_("Ask an administrator of the portal for the right to see these pods."),
    "not_found": N_("Choose a cluster and namespace from the list."),
    "other_version": N_("Reload the page."),
    "too_many": N_("Close other pages of the portal. This one comes back by itself."),
}

# What is wrong with a word of the filter; the keys are the codes of query.js.
FILTER: dict[str, str] = {
    "unknown_key": N_(
        "“{word}” is left out: there is no “{key}:”. "
        "Put the word in quotes to look for it as it is, or use one of {keys}"
    ),
    "no_value": N_("“{word}” is left out: it lacks what to look for."),
    "bad_restarts": N_("“{word}” is left out: “restarts:” takes a number, as in restarts:>3 or restarts:0."),
    "bad_age": N_(
        "“{word}” is left out: “age:” takes a comparison and a length of time, as in age:<10m or age:>=1d12h."
    ),
    "bad_restarted": N_(
        "“{word}” is left out: “restarted:” takes a comparison and a length of time, as in restarted:<1h."
    ),
    "bad_health": N_("“{word}” is left out: “health:” is one of {allowed}."),
    "bad_label": N_("“{word}” is left out: write label:app, label:app=web or label:app!=web."),
    "open_quote": N_("{word} lacks its closing quote."),
}

# What only the page itself knows about its feed.
FEED: dict[str, str] = {
    "portal_lost": N_("The portal does not answer. The page tries again by itself."),
    "connecting": N_("Connecting to the portal."),
    "loading": N_("The pods are on their way."),
}


def catalogue() -> dict[str, dict[str, Entry]]:
    """All texts in the active language: section, key, and a text or its plural forms by category."""
    return {
        "ui": {**_translated(UI), **_counted()},
        "why": _translated(whytexts.SENTENCES | rollouttexts.SENTENCES),
        "feed": _translated(reasons.SENTENCES | FEED),
        "error": _translated(protocol.ERROR_SENTENCES | selectors.SENTENCES),
        "end": _translated(END),
        "filter": _translated(FILTER),
        "sockets": _translated(arrival.SENTENCES),
        "palette": _translated(PALETTE),
        "views": _translated(VIEWS),
        "detail": _translated({detail: detail for detail in Detail}),
    }


def sentence(template: str, params: Mapping[str, ParamValue]) -> str:
    """A sentence with parameters in the active language, as static/js/pods/texts.js words it."""
    detail = str(params.get("detail"))
    words = {**params, "detail": gettext(detail)} if detail in [*Detail] else params
    return render(gettext(template), words)


def _translated(templates: Mapping[str, str]) -> dict[str, Entry]:
    return {code: gettext(template) for code, template in templates.items()}


def _counted() -> dict[str, Entry]:
    """Texts with a number: the forms for one and for others (a language without a singular gives two
    equal ones)."""

    def forms(one: int) -> dict[str, str]:
        return {
            "pods": ngettext("{count} pod", "{count} pods", one),
            "owners": ngettext("{count} owner", "{count} owners", one),
            "nodes": ngettext("{count} node", "{count} nodes", one),
            "completed_pods": ngettext("{count} completed pod", "{count} completed pods", one),
            "export_what": ngettext(
                "{count} pod, as filtered and ordered", "{count} pods, as filtered and ordered", one
            ),
            "waiting_for": ngettext("Waiting for {count} thing", "Waiting for {count} things", one),
            "restarts": ngettext("{count} restart", "{count} restarts", one),
            "shown_of": ngettext("{shown} of {count} pod", "{shown} of {count} pods", one),
            "stale_part": ngettext(
                "{count} of {all} namespaces is concerned.", "{count} of {all} namespaces are concerned.", one
            ),
            "nothing_matches_help": ngettext(
                "{count} pod is here, but not in this filter.",
                "{count} pods are here, but none in this filter.",
                one,
            ),
            "spoken": ngettext(
                "{count} pod: {failing} failing, {waiting} not ready yet",
                "{count} pods: {failing} failing, {waiting} not ready yet",
                one,
            ),
        }

    singular, plural = forms(1), forms(2)
    return {key: {"one": singular[key], "other": plural[key]} for key in plural}
