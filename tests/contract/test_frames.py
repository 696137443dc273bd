"""The portal's real frames, the fixtures that browsers' tests read, and docs/contract.md say the same."""

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pods.domain.protocol import AckFrame, CloseCode
from tests.cluster.control_plane import ControlPlane
from tests.consumers import pods
from tests.consumers.viewer import Viewer, viewing
from tests.contract.shapes import (
    Delta,
    Error,
    Feed,
    Rollout,
    Row,
    Snapshot,
    check_frame,
    documented_close_codes,
    documented_frames,
    documented_rollout,
    documented_row,
)
from tests.portal import PortalProcess

EXAMPLES = json.loads((Path(__file__).parent / "frames.json").read_text())


def test_the_shapes_are_those_of_the_document() -> None:
    """`error` has `params` besides: the document says that sentences travel as code and parameters."""
    written = {"snapshot": Snapshot, "delta": Delta, "feed": Feed, "error": Error}
    found = {kind: set(shape.__struct_fields__) for kind, shape in written.items()}
    assert found == {
        kind: names | ({"params"} if kind == "error" else set())
        for kind, names in documented_frames().items()
    }
    assert set(Row.__struct_fields__) == documented_row()
    assert set(Rollout.__struct_fields__) == documented_rollout()


def test_the_close_codes_are_those_of_the_document() -> None:
    assert sorted(CloseCode) == documented_close_codes() == EXAMPLES["close_codes"]


@pytest.mark.parametrize("frame", EXAMPLES["from_server"], ids=lambda frame: frame["type"])
def test_the_examples_are_frames_as_documented(frame: dict[str, Any]) -> None:
    assert msgspec.to_builtins(check_frame(frame)) == frame


def test_the_examples_cover_every_field_of_every_frame() -> None:
    for kind, names in documented_frames().items():
        seen = {name for frame in EXAMPLES["from_server"] if frame["type"] == kind for name in frame}
        assert names <= seen


@pytest.mark.parametrize("message", EXAMPLES["from_browser"])
def test_what_a_browser_sends_is_understood(message: dict[str, Any]) -> None:
    ack = msgspec.json.decode(json.dumps(message), type=AckFrame)
    assert (ack.token, ack.namespace, ack.part) == (
        message["token"],
        message.get("namespace"),
        message.get("part"),
    )


async def test_every_frame_of_a_real_portal_is_as_documented(
    control_plane: ControlPlane, namespace: str
) -> None:
    """Snapshot, delta, all of the feed's states that come by themselves, and both kinds of `error`."""
    pods.create_deployment_pod(control_plane, namespace, "web", "web-abc-1")
    control_plane.grant("one-namespace", namespace)
    path = f"/api/v1/namespaces/{namespace}/pods/web-abc-1/status"
    failing = {"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}, "name": "main"}
    status = {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [{**failing, **_IMAGE}]}
    control_plane.api("PATCH", path, {"status": status})
    environment = {"PORTAL_ANONYMOUS_READ": "1"}
    config = control_plane.kubeconfig_for("one-namespace", namespace=namespace)
    with PortalProcess(config, environment=environment) as portal:
        url = portal.ws(f"/ws/pods/?cluster=test&namespace={namespace}")
        async with (
            viewing(url) as viewer,
            viewing(url + "&namespace=other") as partly,
            viewing(url + "!") as bad,
        ):
            await viewer.live(namespace)
            row = viewer.row("web-abc-1")
            assert row is not None
            assert row["why"]
            assert row["owner"]
            await asyncio.to_thread(pods.create, control_plane, namespace, "another")
            await asyncio.to_thread(pods.delete, control_plane, namespace, "web-abc-1")
            await viewer.sees("another")
            await partly.live(namespace)
            await bad.close_code()
            _check(viewer, partly, bad)
            kinds = {frame["type"] for frame in viewer.frames + partly.frames + bad.frames}
            assert kinds == documented_frames().keys()
            answer = json.loads(portal.get(f"/api/v1/pods?cluster=test&namespace={namespace}"))
            msgspec.convert(answer["pods"], list[Row])
            msgspec.convert(answer["rollouts"], list[Rollout])
            msgspec.convert(answer["feed"], Feed)


_IMAGE = {"image": "example/app:1", "imageID": "", "ready": False, "restartCount": 3}


def _check(*viewers: Viewer) -> None:
    for viewer in viewers:
        for frame in viewer.frames:
            check_frame(frame)
