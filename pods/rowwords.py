"""A row and its feed in words, for pages that are made here instead of by a script."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from pods.clock import rfc3339
from pods.domain import reasons, whytexts
from pods.domain.reasons import Reason
from pods.domain.row import ParamValue, Row, Why
from pods.texts import sentence


def moment_words(moment: datetime | str | None) -> str:
    """A moment as `2026-01-01 00:00:00 UTC`: a page without scripts knows no other zone. "" for none."""
    if moment is None:
        return ""
    text = moment if isinstance(moment, str) else rfc3339(moment)
    return f"{text[:10]} {text[11:19]} UTC"


def why_words(row: Row) -> tuple[str, str]:
    """Why a pod is not well: the reason, and what else is known; as page.js (`reasonOf`) has it."""
    why = row.why
    if why is None:
        return "", ""
    if why.code not in whytexts.SENTENCES:
        return why.summary, why.next.summary if why.next else ""
    parts = [_known(detail.code, detail.params, "") for detail in why.details]
    if why.since and "since" not in why.params:
        parts.append(_("Since {time}.").replace("{time}", moment_words(why.since)))
    return _known(why.code, why.params, why.summary), _joined(parts)


def next_words(why: Why | None) -> str:
    """What to try next, "" where there is nothing to say."""
    if why is None or why.next is None:
        return ""
    return _known(why.next.code, why.next.params, why.next.summary)


def reason_words(reason: Reason | None) -> str:
    """Why a feed is not live, "" where it is."""
    if reason is None:
        return ""
    params = dict(reason.params)
    if "where" in params and "namespace" in params:
        everywhere = params["namespace"] == "*"
        where = _("all namespaces") if everywhere else _("namespace {name}")
        params["where"] = where.replace("{name}", str(params["namespace"]))
    return sentence(reasons.SENTENCES[reason.code], params)


def _joined(sentences: Iterable[str]) -> str:
    """Several sentences; after a full-width stop there is no space."""
    return re.sub(r"([。！？]) ", r"\1", " ".join(filter(None, sentences)))


def _known(code: str, params: dict[str, ParamValue], fallback: str) -> str:
    template = whytexts.SENTENCES.get(code)
    if template is None:
        return fallback
    return sentence(template, {name: _readable(value) for name, value in params.items()})


def _readable(value: ParamValue) -> ParamValue:
    """Times in rows are RFC 3339."""
    is_time = isinstance(value, str) and len(value) >= 20 and value[10] == "T" and value.endswith("Z")
    return moment_words(value) if is_time else value  # type: ignore[arg-type]  # a text then
