"""What a client asks before anything else: version, health, and which kinds there are."""

from itertools import groupby

from democluster.kinds import KINDS, Kind, Object

VERSION: Object = {
    "major": "1",
    "minor": "37",
    "gitVersion": "v1.37.2+demo",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "demo",
}


def documents() -> dict[str, Object]:
    """The discovery documents by path."""
    found: dict[str, Object] = {"/version": VERSION, "/api": {"kind": "APIVersions", "versions": ["v1"]}}
    groups = []
    for root, kinds in groupby(sorted(KINDS, key=lambda kind: kind.root), key=lambda kind: kind.root):
        members = list(kinds)
        found[root] = _resources(members)
        if group := members[0].group:
            document = _group(group)
            found[f"/apis/{group}"] = {"kind": "APIGroup", "apiVersion": "v1", **document}
            groups.append(document)
    found["/apis"] = {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    return found


def _group(group: str) -> Object:
    version = {"groupVersion": f"{group}/v1", "version": "v1"}
    return {"name": group, "versions": [version], "preferredVersion": version}


def _resources(kinds: list[Kind]) -> Object:
    resources = [
        {
            "name": kind.plural,
            "singularName": kind.name.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.name,
            "verbs": ["get", "list", "watch"],
            "shortNames": list(kind.short),
        }
        for kind in sorted(kinds, key=lambda kind: kind.plural)
    ]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": kinds[0].api_version,
        "resources": resources,
    }
