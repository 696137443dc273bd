"""The query of a saved view: all that the address of the page of pods may hold, checked, in one form."""

import re
from collections.abc import Sequence

from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from pods.access import ClusterInfo
from pods.domain.row import HEALTHS
from pods.viewparams import BadParams, ViewParams, read_params

MAX_QUERY = 2000
MAX_STATUSES = 50

# What url.js reads. Of order, groups and columns only the form is checked: a page leaves out what it does not
# know, and a view may be older or newer than the page.
_WORDS = r"[\w.,:/-]{1,1500}"
OWN = {
    "q": r".{1,1000}",
    "health": "|".join(HEALTHS),
    "status": r"\S.{0,119}",
    "sort": _WORDS,
    "group": _WORDS,
    "columns": _WORDS,
    "view": _WORDS,
}
ASKED = ("cluster", "namespace", "deployment", "selector")
_SEVERAL = {"health": len(HEALTHS), "status": MAX_STATUSES}


def read_query(text: str, clusters: Sequence[ClusterInfo]) -> tuple[ViewParams, QueryDict]:
    """What of the view the portal is asked for, and the rest, which the page itself reads.

    Raises BadParams for what could not stand in the page's address.
    """
    if len(text) > MAX_QUERY:
        raise BadParams(_("A view has at most %(limit)s characters.") % {"limit": MAX_QUERY})
    if not text.isprintable():
        raise BadParams(_("A view holds no control characters."))
    try:
        query = QueryDict(text.removeprefix("?"))
    except TooManyFieldsSent as error:
        raise BadParams(_("A view has no “%(name)s”.") % {"name": "&&&"}) from error
    unknown = [name for name in query if name not in (*ASKED, *OWN)]
    if unknown:
        raise BadParams(_("A view has no “%(name)s”.") % {"name": unknown[0][:40]})
    own = QueryDict(mutable=True)
    for name, pattern in OWN.items():
        values = list(dict.fromkeys(query.getlist(name)))
        if not _fits(name, values, pattern):
            raise BadParams(_("“%(name)s” has no such value.") % {"name": name})
        own.setlist(name, values)
    return read_params(query, clusters), own


def write_query(params: ViewParams, own: QueryDict, cluster: ClusterInfo) -> str:
    """The query in the form in which it is kept. Raises BadParams where it gets too long."""
    rest = urlencode([(name, value) for name, values in own.lists() for value in values])
    text = "&".join(part for part in (params.query(cluster), rest) if part)
    if len(text) > MAX_QUERY:
        raise BadParams(_("A view has at most %(limit)s characters.") % {"limit": MAX_QUERY})
    return text


def _fits(name: str, values: list[str], pattern: str) -> bool:
    few = len(values) <= _SEVERAL.get(name, 1)
    return few and all(value.isprintable() and re.fullmatch(pattern, value, re.ASCII) for value in values)
