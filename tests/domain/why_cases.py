"""The cases of docs/reasons.md: each a pod's status, and a warning about it, as a cluster writes them.

The document says which sentences they give. They are tried without a server (test_reasons_document.py), and
written to a real one (tests/kube/test_whys.py).
"""

from __future__ import annotations

from tests.domain.builders import T0, T1, T3, condition, container, running, terminated
from tests.domain.why_states import (
    IMAGE,
    NO_NODE,
    PULL,
    Case,
    Warned,
    again,
    creating,
    deleted,
    ended,
    initializing,
    loop,
    state,
    stuck,
    unfit,
    unpulled,
    unready,
    whole,
)

SECRET = 'MountVolume.SetUp failed for volume "certs" : secret "web-tls" not found'
SANDBOX = (
    "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "
    f'"{"0123456789abcdef" * 4}": plugin type="calico" failed (add): no addresses left'
)
S503 = "HTTP probe failed with statuscode: 503"
GET = 'Get "http://10.1.2.3:8080/ready": '
REFUSED = GET + "dial tcp 10.1.2.3:8080: connect: connection refused"
QUOTA = 'pods "web" is forbidden: exceeded quota: team, requested: cpu=2, used: cpu=9, limited: cpu=10'
NO_SERVE = 'OCI runtime create failed: exec: "serve": executable file not found in $PATH: unknown'

POD = (
    whole("Evicted", "Evicted", "The node was low on resource: memory."),
    whole(
        "Evicted, with figures",
        "Evicted",
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 90Mi. "
        "Container web was using 2Gi, request is 1Gi, has larger consumption of memory. ",
    ),
    whole("Deadline", "DeadlineExceeded", activeDeadlineSeconds=60),
    whole("Deadline that is not told", "DeadlineExceeded"),
    whole("Preempted", "Preempting", "Preempted in order to admit critical pod"),
    whole("Node shut down", "Terminated", "Pod was terminated in response to imminent node shutdown."),
    whole("Not admitted", "OutOfcpu", "Node didn't have enough resource: cpu"),
    whole("Quota", "ProviderFailed", QUOTA),
    whole("Failed otherwise", "ProviderFailed", "out of luck"),
    Case(
        "Node lost",
        "0/1",
        "Running",
        state(
            container(running()), phase="Running", conditions=[condition("Ready", "False", "NodeNotReady")]
        ),
        warned=Warned("NodeNotReady", "Node is not ready"),
    ),
    deleted("Terminating"),
    deleted(
        "Terminating, and not killed",
        warned=Warned("FailedKillPod", "error killing pod: it does not end", at="2999-01-01T00:00:00Z"),
    ),
    deleted("Held by a finalizer", state(container(terminated(0)), phase="Running"), "example.com/backup"),
    Case("Odd status", "0/1", "Odd", {"phase": "Running", "reason": "Odd"}),
)

SCHEDULING = (
    Case(
        "Gated",
        "0/1",
        "SchedulingGated",
        state(conditions=[condition("PodScheduled", "False", "SchedulingGated")]),
        NO_NODE | {"schedulingGates": [{"name": "example.com/quota"}]},
    ),
    Case("Not scheduled yet", "0/1", "Pending", {"phase": "Pending"}, NO_NODE),
    Case(
        "Not scheduled yet, told by a warning",
        "0/1",
        "Pending",
        {"phase": "Pending"},
        NO_NODE,
        Warned("FailedScheduling", "0/1 nodes are available: 1 Insufficient memory."),
    ),
    unfit(
        "No node fits",
        "… 2 node(s) had untolerated taint {node-role.kubernetes.io/infra: }, 3 Insufficient cpu. "
        "preemption: 0/5 nodes are available: 2 Preemption is not helpful for scheduling.",
    ),
    unfit("Taint with a value", "… 5 node(s) had untolerated taint {dedicated: gpu}."),
    unfit("Taints together", "… 5 node(s) had untolerated taint(s)."),
    unfit(
        "Node selector",
        "… 4 node(s) didn't match Pod's node affinity/selector, 1 node(s) were unschedulable.",
    ),
    unfit(
        "Other pods",
        "… 3 node(s) didn't match pod affinity rules, "
        "2 node(s) didn't match pod topology spread constraints.",
    ),
    unfit(
        "Volume elsewhere",
        "… 4 node(s) had volume node affinity conflict, 1 node(s) exceed max volume count.",
    ),
    unfit("Full nodes", "… 3 node(s) didn't have free ports for the requested pod ports, 2 Too many pods."),
    unfit("Cordoned nodes", "… 5 node(s) were unschedulable."),
    unfit("Volume claim missing", '… persistentvolumeclaim "data" not found.'),
    unfit("Volume claim not bound", "… pod has unbound immediate PersistentVolumeClaims. preemption: none."),
    unfit("Unfit otherwise", "… 5 node(s) are haunted."),
    unfit("Another scheduler's words", "all seats are taken"),
)

CREATION = (
    creating("Being created"),
    creating("Volume lacks a secret", "FailedMount", SECRET),
    creating("Volume lacks a config map", "FailedMount", SECRET.replace("secret", "configmap")),
    creating(
        "Volume not mounted",
        "FailedMount",
        'MountVolume.MountDevice failed for volume "pvc-1" : no such device',
    ),
    creating(
        "Volumes not mounted", "FailedMount", "Unable to attach or mount volumes: unmounted volumes=[data]"
    ),
    creating(
        "Volume not attached", "FailedAttachVolume", 'AttachVolume.Attach failed for volume "pvc-1" : no disk'
    ),
    creating(
        "Volume on another node",
        "FailedAttachVolume",
        'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) b',
    ),
    creating("No sandbox", "FailedCreatePodSandBox", SANDBOX),
    creating("No network", "NetworkNotReady", "network is not ready: cni plugin not initialized"),
    creating("Being created, another warning", "DNSConfigForming", "Search Line limits were exceeded"),
    initializing("Init container at work", running()),
    initializing(
        "Init container, before its volumes are there",
        {"waiting": {"reason": "PodInitializing"}},
        Warned("FailedMount", SECRET),
    ),
)

IMAGES = (
    unpulled("Image not found", f"{PULL}: {IMAGE}: not found"),
    stuck(
        "Image not found, told by a warning",
        "ImagePullBackOff",
        f'Back-off pulling image "{IMAGE}"',
        Warned("Failed", f'Failed to pull image "{IMAGE}": {PULL}: {IMAGE}: not found', "web"),
    ),
    unpulled("Image refused", f"{PULL}: unexpected status from HEAD request: 403 Forbidden"),
    unpulled("Registry not reached", f"{PULL}: dial tcp: lookup registry.example.com: no such host"),
    unpulled("Rate limit", "toomanyrequests: You have reached your pull rate limit"),
    unpulled("Platform", f"{PULL}: no match for platform in manifest: not found"),
    stuck("Image never pulled", "ErrImageNeverPull", "image is not present"),
    stuck("Image name", "InvalidImageName", "couldn't parse image name"),
    unpulled("Image otherwise", "layers are of the wrong colour"),
)

_CONFIG = "CreateContainerConfigError"
STARTS = (
    stuck("Config map missing", _CONFIG, 'configmap "settings" not found'),
    stuck("Secret missing", _CONFIG, 'secret "password" not found'),
    stuck("Key missing", _CONFIG, "couldn't find key colour in ConfigMap shop/settings"),
    stuck("Root", _CONFIG, "container has runAsNonRoot and image will run as root"),
    stuck("Configuration otherwise", _CONFIG, "subpath is odd"),
    stuck("Command missing", "RunContainerError", f"failed to create containerd task: {NO_SERVE}"),
    stuck("Not started", "CreateContainerError", "name is in use"),
)

ENDS = (
    loop("Out of memory", 137, "OOMKilled"),
    loop("Crash loop", 1, message="panic: no database\n"),
    loop("Crash loop, arguments", 2),
    loop("Crash loop, not runnable", 126),
    loop("Crash loop, no command", 127),
    loop("Crash loop, not started", 128),
    loop("Crash loop, interrupted", 130),
    loop("Crash loop, given up", 134),
    loop("Crash loop, killed", 137),
    loop("Crash loop, wrong memory", 139),
    loop("Crash loop, asked to end", 143),
    loop("Crash loop, code 255", 255),
    loop("Crash loop, without an error", 0, "Completed"),
    loop("Crash loop, another code", 42),
    loop(
        "Crash loop, by its liveness probe",
        137,
        warned=Warned("Unhealthy", f"Liveness probe failed: {S503}", "web"),
    ),
    loop(
        "Crash loop, by its startup probe",
        143,
        warned=Warned("Unhealthy", f"Startup probe failed: {REFUSED}", "web"),
    ),
    loop(
        "Crash loop, and a warning from before",
        42,
        warned=Warned("Unhealthy", f"Liveness probe failed: {S503}", "web", T0),
    ),
    Case(
        "Crash loop of which nothing is known",
        "0/1",
        "CrashLoopBackOff",
        state(container({"waiting": {"reason": "CrashLoopBackOff"}}, restarts=7), phase="Running"),
    ),
    again("Restarted", 1),
    again("Restarted after a signal", 139),
    ended("Ended with an error", 3),
    ended("Ended with last words", 3, message="no database"),
    ended("Ended by a signal", 143),
    ended("Ended, nobody knows how", 137, "ContainerStatusUnknown"),
    Case(
        "Ended beside others",
        "1/2",
        "NotReady",
        state(
            container(running(), ready=True),
            container(terminated(0, "Completed"), name="log"),
            phase="Running",
            conditions=[condition("Ready", "False", "ContainersNotReady", T1)],
        ),
        {"containers": [{"name": "web", "image": IMAGE}, {"name": "log", "image": IMAGE}]},
    ),
)

READINESS = (
    unready("Not ready yet"),
    unready("Not ready yet, refused", "Readiness", REFUSED),
    unready("Not ready yet, late", "Readiness", GET + "context deadline exceeded"),
    unready("Not ready yet, command", "Readiness", "cat: /tmp/ready: No such file or directory"),
    unready("Not started yet", "Startup", S503),
    unready("Not ready, and not alive", "Liveness", S503),
    unready("No longer ready", lost=True),
    unready("No longer ready, and its probe", "Readiness", S503, lost=True, at=T3),
    unready("No longer ready, and a warning from before", "Readiness", S503, lost=True, at=T1),
    Case(
        "Readiness gates",
        "1/1",
        "Running",
        state(
            container(running(), ready=True),
            phase="Running",
            conditions=[condition("Ready", "False", "ReadinessGatesNotReady", T1)],
        ),
        {"readinessGates": [{"conditionType": "example.com/lb"}]},
    ),
)

CASES = (*POD, *SCHEDULING, *CREATION, *IMAGES, *STARTS, *ENDS, *READINESS)
