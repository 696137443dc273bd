"""The texts of the ledger's scripts, translated when the page is made (see pods.texts)."""

from django.utils.translation import gettext, ngettext

from pods.domain.sentences import N_

LEDGER: dict[str, str] = {
    # Whether the counts of what is held agree.
    "equal": N_("{sockets} sockets = {lifecycles} lifecycles = {tasks} tasks"),
    "equal_means": N_("Every connection has one owner and one task: nothing is left behind."),
    "equal_untold": N_("{lifecycles} lifecycles = {tasks} tasks"),
    "equal_untold_means": N_(
        "Every viewer has one owner and one task. This server does not tell its sockets."
    ),
    "differ": N_("{sockets} sockets, {lifecycles} lifecycles, {tasks} tasks"),
    "differ_untold": N_("{lifecycles} lifecycles, {tasks} tasks"),
    "moving_means": N_("Viewers are coming or going: these are equal again in a moment."),
    "left_means": N_("Not equal for {age}: something is left behind. See docs/runbook.md, “Left behind”."),
    "reaped": N_(
        "The reaper had to give back {count}: a defect of the portal. See docs/runbook.md, “Reaped”."
    ),
    "unneeded": N_("Open, and needed by nobody: {count}. See docs/runbook.md, “Watches without viewers”."),
    "too_much": N_("more than there should be"),
    # The page.
    "as_of": N_("{viewers}, {watches}"),
    "shown": N_("{shown} of {matching} shown, {count} in all"),
    "nobody": N_("not signed in"),
    "failed": N_("That did not come through: the portal does not answer."),
    # The states of a viewer's socket, and of a watch.
    "state_opening": N_("Being checked"),
    "state_watching": N_("Keeps up"),
    "state_behind": N_("Behind"),
    "state_left_behind": N_("Left behind"),
    "state_live": N_("Live"),
    "state_catching_up": N_("Catching up"),
    "state_stale": N_("Stale"),
    "state_unneeded": N_("Not needed"),
    "state_lingers": N_("Lingers"),
    "why_behind": N_("Behind: {bytes} are not acknowledged, the oldest sent {age} ago."),
    "why_left_behind": N_("Left behind: its connection is over. The reaper is going to give it back."),
    "why_unneeded": N_("Nobody needs this watch, and it is still open."),
    # What can be done.
    "end": N_("End"),
    "end_label": N_("End the viewer {who}, {connection}"),
    "end_title": N_("End this viewer?"),
    "end_text": N_(
        "{connection} ({who}, looking at {where}) is sent away, and its page comes back within seconds. To "
        "keep somebody out, take their rights away in the administration."
    ),
    "end_do": N_("End the viewer"),
    "end_done": N_("Ended: {who}, {connection}."),
    "restart": N_("Restart"),
    "restart_label": N_("Restart the watch of {resource} in {where}"),
    "restart_title": N_("Restart this watch?"),
    "restart_text": N_(
        "The pods of {where}, and all that is watched beside them, are listed and watched anew. Its viewers "
        "stay, and are sent only what differs."
    ),
    "restart_do": N_("Restart the watch"),
    "restart_done": N_("Restarted: {where}."),
}


def ledger_texts() -> dict[str, str | dict[str, str]]:
    """All of them in the active language."""
    texts: dict[str, str | dict[str, str]] = {key: gettext(text) for key, text in LEDGER.items()}
    forms = [
        (
            ngettext("{count} viewer", "{count} viewers", one),
            ngettext("{count} watch", "{count} watches", one),
        )
        for one in (1, 2)
    ]
    for place, key in enumerate(("viewers", "watches")):
        texts[key] = {"one": forms[0][place], "other": forms[1][place]}
    return texts
