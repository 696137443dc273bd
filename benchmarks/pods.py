"""Pods as large as those of production: about 12 kB of JSON each, most of it nothing that a row needs.

Where the bytes are follows what clusters serve: managed fields, environment, probes, volumes, tolerations,
conditions, and the statuses of two containers.
"""

from __future__ import annotations

import uuid
from typing import Any

Manifest = dict[str, Any]

ENVIRONMENT = 34
DEPLOYMENTS = 200
NODES = 100
TIME = "2026-01-01T00:00:00Z"


def fat_pod(namespace: str, number: int) -> Manifest:
    """One running pod of a Deployment, as it stands in etcd; one in twenty crashes."""
    deployment = f"service-{number % DEPLOYMENTS:03d}"
    template = f"{number % DEPLOYMENTS:08x}f"
    name = f"{deployment}-{template}-{number:05d}"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _metadata(namespace, name, deployment, template),
        "spec": _spec(deployment, number),
        "status": _status(number),
    }


def _metadata(namespace: str, name: str, deployment: str, template: str) -> Manifest:
    labels = {
        "app.kubernetes.io/name": deployment,
        "app.kubernetes.io/instance": f"{deployment}-production",
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": f"{deployment}-1.42.0",
        "team": "payments",
        "pod-template-hash": template,
    }
    owner = f"{deployment}-{template}"
    return {
        "name": name,
        "generateName": f"{owner}-",
        "namespace": namespace,
        "uid": str(uuid.uuid4()),
        "creationTimestamp": TIME,
        "labels": labels,
        "annotations": {
            "checksum/config": "3f8a" * 16,
            "prometheus.io/scrape": "true",
            "prometheus.io/port": "9090",
            "kubectl.kubernetes.io/restartedAt": TIME,
            "sidecar.example.com/status": '{"initContainers":["init"],"containers":["proxy"]}',
        },
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": owner,
                "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, owner)),
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
        "managedFields": [
            _managed("kube-controller-manager", None, _controller_fields(labels)),
            _managed("kubelet", "status", _kubelet_fields()),
        ],
    }


def _managed(manager: str, subresource: str | None, fields: Manifest) -> Manifest:
    entry = {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": TIME}
    if subresource:
        entry["subresource"] = subresource
    return entry | {"fieldsType": "FieldsV1", "fieldsV1": fields}


def _controller_fields(labels: dict[str, str]) -> Manifest:
    container: Manifest = {".": {}, "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:resources": {}}
    container["f:env"] = {
        ".": {},
        **{f'k:{{"name":"{name}"}}': {".": {}, "f:name": {}, "f:value": {}} for name in _variables()},
    }
    container["f:livenessProbe"] = container["f:readinessProbe"] = {
        field: {} for field in ("f:failureThreshold", "f:httpGet", "f:periodSeconds", "f:timeoutSeconds")
    }
    return {
        "f:metadata": {"f:labels": {".": {}, **{f"f:{label}": {} for label in labels}}},
        "f:spec": {"f:containers": {'k:{"name":"app"}': container, 'k:{"name":"proxy"}': {".": {}}}},
    }


def _kubelet_fields() -> Manifest:
    condition: Manifest = {
        ".": {},
        "f:lastProbeTime": {},
        "f:lastTransitionTime": {},
        "f:status": {},
        "f:type": {},
    }
    conditions = {f'k:{{"type":"{kind}"}}': condition for kind in _CONDITIONS}
    fields = ("f:containerStatuses", "f:hostIP", "f:hostIPs", "f:phase", "f:podIP", "f:podIPs", "f:startTime")
    return {"f:status": {"f:conditions": conditions, **{field: {} for field in fields}}}


def _variables() -> list[str]:
    return [f"SERVICE_SETTING_{number:02d}" for number in range(ENVIRONMENT)]


def _spec(deployment: str, number: int) -> Manifest:
    probe = {
        "httpGet": {"path": "/healthz", "port": 8080, "scheme": "HTTP"},
        "timeoutSeconds": 3,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    mounts = [
        {"name": "config", "mountPath": "/etc/service"},
        {"name": "token", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"},
    ]
    app = _container("app", deployment) | {
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "env": [
            {"name": name, "value": f"https://{deployment}.example.internal/path/{name.lower()}"}
            for name in _variables()
        ],
        "volumeMounts": mounts,
        "livenessProbe": probe,
        "readinessProbe": probe,
    }
    return {
        "volumes": [
            {"name": "config", "configMap": {"name": f"{deployment}-config", "defaultMode": 420}},
            {"name": "token", "secret": {"secretName": f"{deployment}-token", "defaultMode": 420}},
        ],
        "containers": [app, _container("proxy", "proxy") | {"volumeMounts": mounts}],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": deployment,
        "nodeName": f"node-{number % NODES:03d}.eu-west-1.compute.internal",
        "securityContext": {"runAsNonRoot": True, "fsGroup": 1000},
        "schedulerName": "default-scheduler",
        "tolerations": [
            {
                "key": f"node.kubernetes.io/{key}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }
            for key in ("not-ready", "unreachable")
        ],
        "priority": 0,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }


def _container(name: str, image: str) -> Manifest:
    return {
        "name": name,
        "image": f"registry.example.com/platform/{image}:1.42.0",
        "resources": {
            "limits": {"cpu": "1", "memory": "512Mi"},
            "requests": {"cpu": "250m", "memory": "256Mi"},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"capabilities": {"drop": ["ALL"]}, "allowPrivilegeEscalation": False},
    }


_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def _status(number: int) -> Manifest:
    crashes = number % 20 == 0
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return {
        "phase": "Running",
        "conditions": [
            {
                "type": kind,
                "status": "False" if crashes and kind.endswith("Ready") else "True",
                "lastProbeTime": None,
                "lastTransitionTime": TIME,
            }
            for kind in _CONDITIONS
        ],
        "hostIP": "192.168.1.1",
        "hostIPs": [{"ip": "192.168.1.1"}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": TIME,
        "containerStatuses": [_container_status("app", crashes), _container_status("proxy", False)],
        "qosClass": "Burstable",
    }


def _container_status(name: str, crashes: bool) -> Manifest:
    image = f"registry.example.com/platform/{name}"
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
    last = {"exitCode": 1, "reason": "Error", "startedAt": TIME, "finishedAt": TIME}
    return {
        "name": name,
        "state": {"waiting": waiting} if crashes else {"running": {"startedAt": TIME}},
        "lastState": {"terminated": last} if crashes else {},
        "ready": not crashes,
        "restartCount": 17 if crashes else 0,
        "image": f"{image}:1.42.0",
        "imageID": f"{image}@sha256:{'ab' * 32}",
        "containerID": f"containerd://{'cd' * 32}",
        "started": not crashes,
        "allocatedResources": {"cpu": "250m", "memory": "256Mi"},
    }
