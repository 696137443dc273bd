"""The sentences about pods that are not well, and how they are put together.

REASONS say why, DETAILS what more is known, NEXT what to try. docs/reasons.md lists the cases. No code is in
two of them: the page finds them all in one section of its catalogue.
"""

from __future__ import annotations

from functools import cache

import msgspec

from pods.domain.row import Detail, Next, ParamValue, Why
from pods.domain.sentences import N_, render

REASONS: dict[str, str] = {
    # The pod as a whole
    "evicted": N_("The node evicted the pod: {message}."),
    "deadline": N_("The pod ran longer than its deadline allows."),
    "deadline_seconds": N_("The pod ran longer than its deadline of {seconds} s allows."),
    "preempted": N_("The pod had to make room for a more important one: {message}."),
    "node_shutdown": N_("The node was shut down: {message}."),
    "not_admitted": N_("The node did not admit the pod ({reason}): {message}."),
    "quota": N_("The quota {quota} is used up: {message}."),
    "failed": N_("The pod failed ({reason}): {message}."),
    "node_lost": N_("The node {node} does not answer."),
    "terminating": N_("Being deleted since {since}, with {grace} s to end."),
    "finalizers": N_(
        "Being deleted since {since}; its containers have ended, and it is held by {finalizers}."
    ),
    # No node yet
    "scheduling_gated": N_("Held back by scheduling gates: {gates}."),
    "unschedulable": N_("No node takes the pod: {message}."),
    "unschedulable_nodes": N_("None of the nodes takes the pod ({nodes} were looked at)."),
    "not_scheduled": N_("Waiting to be given a node."),
    # Before its containers start
    "creating": N_("The node is preparing volumes, network and images."),
    "volume_mount": N_("The volume {volume} cannot be mounted: {message}."),
    "volume_attach": N_("The volume {volume} cannot be attached to the node: {message}."),
    "volume_elsewhere": N_("The volume {volume} is still attached to another node."),
    "volume_lacks_config_map": N_("The volume {volume} needs the config map {name}, which does not exist."),
    "volume_lacks_secret": N_("The volume {volume} needs the secret {name}, which does not exist."),
    "volumes_unmounted": N_("Not all volumes could be mounted: {message}."),
    "sandbox": N_("The pod's network or sandbox cannot be set up: {message}."),
    "network_not_ready": N_("The node's network is not ready: {message}."),
    # Images
    "image_pull": N_("The image {image} of container {container} cannot be had: {message}."),
    "image_not_found": N_("The registry does not have the image {image} of container {container}."),
    "image_denied": N_("The registry refuses the image {image} of container {container}."),
    "image_unreachable": N_("The registry of the image {image} of container {container} cannot be reached."),
    "image_rate_limited": N_("The registry limits how often it gives the image {image} of {container}."),
    "image_platform": N_("The image {image} of container {container} is not made for the node's platform."),
    "image_never": N_("The node does not have the image {image} of {container}, and may not pull it."),
    "image_name_invalid": N_("The image name {image} of container {container} is not valid."),
    # Starting
    "config_missing": N_("Container {container} lacks its configuration: {message}."),
    "config_map_missing": N_("Container {container} needs the config map {name}, which does not exist."),
    "secret_missing": N_("Container {container} needs the secret {name}, which does not exist."),
    "config_key_missing": N_(
        "Container {container} needs the key {key} of {kind} {name}, which is not there."
    ),
    "runs_as_root": N_("Container {container} may not run as root, and its image does."),
    "start_failed": N_("Container {container} cannot be started ({reason}): {message}."),
    "command_missing": N_("Container {container} cannot be started: its image has no command {command}."),
    # Ends
    "out_of_memory": N_("Container {container} was killed for using more memory than it may."),
    "status_unknown": N_("What became of container {container} is not known."),
    "crash_loop": N_("Container {container} keeps ending ({restarts} restarts)."),
    "crash_loop_exit_code": N_(
        "Container {container} keeps ending ({restarts} restarts), last with exit code {exit_code}."
    ),
    "crash_loop_signal": N_("Container {container} keeps ending ({restarts} restarts), last by {signal}."),
    "restarted_exit_code": N_(
        "Container {container} was restarted and is not ready; its last run ended with exit code {exit_code}."
    ),
    "restarted_signal": N_(
        "Container {container} was restarted and is not ready; its last run was ended by {signal}."
    ),
    "exit_code": N_("Container {container} ended with exit code {exit_code}."),
    "exit_code_message": N_("Container {container} ended with exit code {exit_code}: {message}."),
    "signal": N_("Container {container} was ended by {signal}."),
    "ended": N_("Container {container} ended without an error while the pod goes on."),
    # Running, and not ready
    "readiness_lost": N_("No longer ready: {containers}."),
    "readiness": N_("Not ready yet: {containers}."),
    "readiness_probe_lost": N_("No longer ready: the readiness probe of {container} fails: {message}."),
    "readiness_probe": N_("Not ready yet: the readiness probe of {container} fails: {message}."),
    "startup_probe": N_("Not started yet: the startup probe of {container} fails: {message}."),
    "liveness_probe": N_("Not ready, and the liveness probe of {container} fails: {message}."),
    "readiness_gates": N_("Waiting for readiness gates: {gates}."),
    "initializing": N_("Init container {container} has not finished ({done} of {total} have)."),
    "unknown": N_("The pod's status is {status}."),
}

DETAILS: dict[str, str] = {
    "exit_0": N_("Code 0: it ended by itself, without an error."),
    "exit_1": N_("Code 1: an error of the program's own."),
    "exit_2": N_("Code 2: an error of the program's own, often its arguments."),
    "exit_126": N_("Code 126: the command is there, and may not or cannot be run."),
    "exit_127": N_("Code 127: the command was not found."),
    "exit_128": N_("Code 128: it could not be started."),
    "exit_130": N_("Code 130: interrupted (SIGINT)."),
    "exit_134": N_("Code 134: it gave up by itself (SIGABRT), as after a failed assertion."),
    "exit_137": N_("Code 137: killed (SIGKILL), for memory or because it did not end when asked to."),
    "exit_139": N_("Code 139: it touched memory that is not its own (SIGSEGV)."),
    "exit_143": N_("Code 143: it was asked to end (SIGTERM)."),
    "exit_255": N_("Code 255: an error outside the usual codes, or its node was restarted."),
    "last_run": N_("That run lasted from {started} to {finished}."),
    "restarts": N_("Restarts: {restarts}."),
    "last_words": N_("It said: {message}."),
    "registry_said": N_("The registry said: {message}."),
    "runtime_said": N_("The node said: {message}."),
    "failed_liveness": N_("Its liveness probe had failed: {message}."),
    "failed_startup": N_("Its startup probe had failed: {message}."),
    "event": N_("Last warning, {reason}: {message}."),
    "unfit_resource": N_("Not enough {resource}: {count} of {nodes}."),
    "unfit_taint": N_("Taint {taint} not tolerated: {count} of {nodes}."),
    "unfit_taints": N_("Taints not tolerated: {count} of {nodes}."),
    "unfit_selector": N_("Other node selector or affinity: {count} of {nodes}."),
    "unfit_pod_affinity": N_("Other pods there do not go with it: {count} of {nodes}."),
    "unfit_spread": N_("Spread constraints: {count} of {nodes}."),
    "unfit_volume": N_("Its volume is elsewhere: {count} of {nodes}."),
    "unfit_volume_count": N_("No more volumes can be attached: {count} of {nodes}."),
    "unfit_ports": N_("Host ports are taken: {count} of {nodes}."),
    "unfit_cordoned": N_("Cordoned: {count} of {nodes}."),
    "unfit_full": N_("No room for more pods: {count} of {nodes}."),
    "unfit_claim_missing": N_("The volume claim {claim} does not exist."),
    "unfit_claim_unbound": N_("A volume claim of it is not bound yet."),
    "unfit_other": N_("{message}: {count} of {nodes}."),
}

NEXT: dict[str, str] = {
    "next_evicted": N_("Set requests that fit what it uses; its owner makes another pod."),
    "next_deadline": N_("Raise activeDeadlineSeconds, or find what takes so long."),
    "next_preempted": N_("Give it a higher priority, or add nodes; its owner makes another pod."),
    "next_shutdown": N_("Nothing, where its owner makes another pod; this one can be deleted."),
    "next_not_admitted": N_(
        "Delete it, so that another is made and placed anew; look at what the node lacks."
    ),
    "next_quota": N_("Lower its requests, remove what is not needed, or have the quota raised."),
    "next_failed": N_("Look at its events and logs."),
    "next_node": N_(
        "Look at the node. A pod of a StatefulSet is replaced only when the node is back or removed."
    ),
    "next_terminating": N_("It is killed at {deadline}; if it is still here long after, look at its node."),
    "next_finalizers": N_("Find who set the finalizers and why it does not remove them."),
    "next_gates": N_("Find who set the gates: it has to remove them."),
    "next_scheduler": N_("If it stays so, see whether its scheduler runs."),
    "next_unschedulable": N_("Look at what the nodes have and what the pod asks for."),
    "next_unfit_resource": N_("Lower its requests, free room or add nodes."),
    "next_unfit_taint": N_("Add a toleration, or free a node from its taint."),
    "next_unfit_selector": N_("Compare its node selector and affinity with the nodes' labels."),
    "next_unfit_pods": N_("Relax its pod affinity or spread constraints, or add nodes."),
    "next_unfit_volume": N_("Free or add a node where its volume can be used."),
    "next_unfit_ports": N_("Do without the host port, or add nodes."),
    "next_unfit_cordoned": N_("Uncordon a node, or add one."),
    "next_unfit_claim": N_("Look at the volume claim: its name, its class, and its events."),
    "next_creating": N_("Large images take their time; if it stays so, look at its events."),
    "next_create_config_map": N_("Create the config map in this namespace, or correct its name."),
    "next_create_secret": N_("Create the secret in this namespace, or correct its name."),
    "next_config_key": N_("Add the key, or correct its name; keys are case-sensitive."),
    "next_config": N_("Create what is missing, or correct its name."),
    "next_volume": N_("Look at the volume, its claim, and the storage driver on the node."),
    "next_volume_elsewhere": N_(
        "Wait until the pod there has ended; if its node is lost, detach the volume."
    ),
    "next_sandbox": N_("Look at the network plug-in on the node."),
    "next_image_not_found": N_("Correct the image's name or tag, or push it."),
    "next_image_denied": N_(
        "Check the image's name, and that imagePullSecrets has a log-in that may read it."
    ),
    "next_image_unreachable": N_("Check the registry's name, and the way to it from the node."),
    "next_image_rate_limited": N_("Wait, log in to the registry, or use a mirror."),
    "next_image_platform": N_("Build the image for the node's platform, or choose other nodes."),
    "next_image_never": N_("Load the image on the node, or change imagePullPolicy."),
    "next_image_name": N_("Correct the image's name."),
    "next_image": N_("Check the image's name and tag, and the registry."),
    "next_runs_as_root": N_("Set runAsUser to a user of the image, or build the image with one."),
    "next_command": N_("Correct command and args, or the image: does it have that program at that path?"),
    "next_start": N_("Check command, args, mounts and security settings of the container."),
    "next_memory": N_("Raise its memory limit, or find what uses so much."),
    "next_unknown": N_("Nothing, where its owner makes another pod; look at the node if it repeats."),
    "next_last_log": N_("Read the log of its last run."),
    "next_log": N_("Read its log."),
    "next_killed": N_("See what memory it uses, and whether it ends within its grace period."),
    "next_asked_to_end": N_(
        "See who ended it: a liveness probe, its node, or a restart; then read its last log."
    ),
    "next_failed_probe": N_("See why it did not answer the probe, and read the log of its last run."),
    "next_exit_0": N_("A service must stay in the foreground; what ends by itself belongs in a Job."),
    "next_init_log": N_("Read the log of the init container."),
    "next_probe_refused": N_("Does it listen on the probe's port, on all addresses? Read its log."),
    "next_probe_timeout": N_("It answers too late: see what it waits for, or raise timeoutSeconds."),
    "next_probe_status": N_("It answers, and says that it is not well: read its log."),
    "next_probe": N_("Try the probe by hand in the container, and read its log."),
    "next_startup_probe": N_("Read its log; if it only needs longer, raise failureThreshold."),
    "next_readiness": N_("Read its log; see what its readiness probe asks for."),
    "next_readiness_gates": N_("Find who sets these conditions, as a load balancer's controller."),
}

# What to try where the reason alone decides it.
_NEXT_OF = {
    "evicted": "next_evicted",
    "deadline": "next_deadline",
    "deadline_seconds": "next_deadline",
    "preempted": "next_preempted",
    "node_shutdown": "next_shutdown",
    "not_admitted": "next_not_admitted",
    "quota": "next_quota",
    "failed": "next_failed",
    "node_lost": "next_node",
    "finalizers": "next_finalizers",
    "scheduling_gated": "next_gates",
    "unschedulable": "next_unschedulable",
    "not_scheduled": "next_scheduler",
    "creating": "next_creating",
    "volume_mount": "next_volume",
    "volume_attach": "next_volume",
    "volumes_unmounted": "next_volume",
    "volume_elsewhere": "next_volume_elsewhere",
    "volume_lacks_config_map": "next_create_config_map",
    "volume_lacks_secret": "next_create_secret",
    "sandbox": "next_sandbox",
    "network_not_ready": "next_sandbox",
    "image_pull": "next_image",
    "image_not_found": "next_image_not_found",
    "image_denied": "next_image_denied",
    "image_unreachable": "next_image_unreachable",
    "image_rate_limited": "next_image_rate_limited",
    "image_platform": "next_image_platform",
    "image_never": "next_image_never",
    "image_name_invalid": "next_image_name",
    "config_missing": "next_config",
    "config_map_missing": "next_create_config_map",
    "secret_missing": "next_create_secret",
    "config_key_missing": "next_config_key",
    "runs_as_root": "next_runs_as_root",
    "start_failed": "next_start",
    "command_missing": "next_command",
    "out_of_memory": "next_memory",
    "status_unknown": "next_unknown",
    "crash_loop": "next_last_log",
    "ended": "next_last_log",
    "readiness": "next_readiness",
    "readiness_lost": "next_readiness",
    "startup_probe": "next_startup_probe",
    "readiness_gates": "next_readiness_gates",
    "initializing": "next_init_log",
    "unknown": "next_failed",
}

SENTENCES = REASONS | DETAILS | NEXT


def reason(code: str, *details: Detail, next: Next | None = None, **params: ParamValue) -> Why:
    """The reason `code` of REASONS; `next` where another is to be tried than the reason's usual."""
    if next is None and code in _NEXT_OF:
        next = next_step(_NEXT_OF[code])
    words = [render(REASONS[code], params), *(render(DETAILS[one.code], one.params) for one in details)]
    return Why(code, params, " ".join(words), None, details, next)


def detail(code: str, **params: ParamValue) -> Detail:
    """The detail `code` of DETAILS."""
    return Detail(code, params)


def with_detail(why: Why, more: Detail, next: Next | None = None) -> Why:
    """`why` with one more detail, the most telling one; `next` where it asks for another step."""
    found = reason(why.code, more, *why.details, next=next or why.next, **why.params)
    return msgspec.structs.replace(found, since=why.since)


@cache
def next_step(code: str) -> Next:
    """The next step `code` of NEXT that has no parameters: one object for all pods."""
    return Next(code, {}, NEXT[code])


def next_step_with(code: str, **params: ParamValue) -> Next:
    """The next step `code` of NEXT with its parameters."""
    return Next(code, params, render(NEXT[code], params))
