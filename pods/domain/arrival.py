"""Why WebSockets do not reach the portal, as codes that the page words: see pods/arrival.py."""

from pods.domain.sentences import N_

SENTENCES: dict[str, str] = {
    "no_upgrade": N_(
        "WebSockets do not get through: a proxy on the way takes the Upgrade header out of them."
    ),
    "foreign_origin": N_(
        "The portal refuses WebSockets of {origin}, because it is asked for {own}: a proxy on the way "
        "changes Host or the scheme. PORTAL_PUBLIC_URL would settle it."
    ),
    # What only the page can find out.
    "not_routed": N_(
        "WebSockets do not get through: at their address something else answers than the portal."
    ),
    "other_version": N_(
        "This page is of another version than the portal, which has no live connection for it any more."
    ),
    "mute": N_("WebSockets open, but a proxy on the way holds back what they carry."),
}
