"""The `Accept` header: plain JSON, a Table, or metadata only.

The API server takes the first acceptable clause in the order of quality; `as=` asks it to transform.
"""

from dataclasses import dataclass
from enum import Enum

from democluster.status import ApiError, bad_request, not_acceptable

_JSON_TYPES = ("application/json", "application/*", "*/*")
_AVAILABLE = (
    "406: Not Acceptable\n\nAvailable representations: application/json, application/json;stream=watch"
)
_TRANSFORMS = "only the following media types are accepted: application/json"
_INCLUDES = ("", "Metadata", "Object", "None")


class Form(Enum):
    PLAIN = ""
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"
    METADATA_LIST = "PartialObjectMetadataList"


@dataclass(frozen=True)
class Wanted:
    """The form of the answer; `version` is meta.k8s.io's, `include` what a Table row carries."""

    form: Form
    version: str = "v1"
    include: str = "Metadata"

    @property
    def api_version(self) -> str:
        return f"meta.k8s.io/{self.version}"


def wanted(accept: str, include_object: str) -> Wanted:
    """What `Accept` and `includeObject` ask for; 406 where nothing of it can be had, 400 for a bad value."""
    refusal: ApiError = not_acceptable(_AVAILABLE)
    for parameters in _clauses(accept or "*/*"):
        if parameters.get("as") is None:
            return Wanted(Form.PLAIN)
        form = _transform(parameters)
        if form is None:
            refusal = not_acceptable(_TRANSFORMS)
            continue
        return Wanted(form, parameters["v"], _include(form, include_object))
    raise refusal


def _clauses(accept: str) -> list[dict[str, str]]:
    """The parameters of the clauses for JSON, best first; a quality of 0 refuses."""
    found: list[tuple[float, dict[str, str]]] = []
    for clause in accept.split(","):
        media, *rest = (part.strip() for part in clause.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        quality = _quality(parameters.get("q", "1"))
        if media in _JSON_TYPES and quality > 0:
            found.append((quality, parameters))
    return [parameters for _, parameters in sorted(found, key=lambda pair: -pair[0])]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _transform(parameters: dict[str, str]) -> Form | None:
    known = parameters.get("g") == "meta.k8s.io" and parameters.get("v") in ("v1", "v1beta1")
    try:
        return Form(parameters["as"]) if known and parameters["as"] else None
    except ValueError:
        return None


def _include(form: Form, include_object: str) -> str:
    if form is Form.TABLE and include_object not in _INCLUDES:
        message = f'includeObject: Invalid value: "{include_object}": must be '
        raise bad_request(
            f"Unable to convert to Table as requested: {message}'Metadata', 'Object', 'None', or empty"
        )
    return include_object or "Metadata"
