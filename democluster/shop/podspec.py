"""Full pod specs as the API server would return them, defaults filled in."""

from democluster.kinds import Object
from democluster.shop.catalogue import Image, Service

_ACCOUNT_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def labels_of(service: Service) -> dict[str, str]:
    """The labels by which a workload selects its pods."""
    return {"app.kubernetes.io/name": service.name, "app.kubernetes.io/part-of": service.namespace}


def template_of(service: Service, tag: str) -> Object:
    """The workload's pod template, its main container at `tag`."""
    labels = {**labels_of(service), "app.kubernetes.io/version": tag}
    return {"metadata": {"labels": labels}, "spec": pod_spec(service, tag)}


def pod_spec(service: Service, tag: str) -> Object:
    main = Image(
        service.main.name, service.main.image, tag, service.main.port, service.main.cpu, service.main.memory
    )
    spec: Object = {
        "volumes": _volumes(service),
        "containers": [_serving(image, service) for image in (main, *service.extras)],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": service.grace,
        **_defaults(service.name),
    }
    if inits := [*(_container(i) for i in service.inits), *(_sidecar(i) for i in service.sidecars)]:
        spec["initContainers"] = inits
    if service.gates:
        spec["readinessGates"] = [{"conditionType": gate} for gate in service.gates]
    if service.gpu:
        spec["containers"][0]["resources"] = {
            "limits": {"nvidia.com/gpu": "1"},
            "requests": {"nvidia.com/gpu": "1"},
        }
    return spec


def job_template(name: str, image: Image) -> Object:
    labels = {"app.kubernetes.io/name": name}
    spec: Object = {
        "containers": [_container(image)],
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 30,
        **_defaults("default"),
    }
    return {"metadata": {"labels": labels}, "spec": spec}


def placed(spec: Object, node: str, access: str) -> Object:
    """The spec of one pod: on its node ("" while it has none), with its account's token mounted."""
    volume = f"kube-api-access-{access}"
    mount = {"name": volume, "readOnly": True, "mountPath": _ACCOUNT_MOUNT}
    found = {**spec, "volumes": [*spec.get("volumes", []), _token_volume(volume)]}
    for part in ("initContainers", "containers"):
        if part in spec:
            found[part] = [{**c, "volumeMounts": [*c.get("volumeMounts", []), mount]} for c in spec[part]]
    return {**found, "nodeName": node} if node else found


def _defaults(account: str) -> Object:
    return {
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": account,
        "serviceAccount": account,
        "securityContext": {},
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


def _container(image: Image) -> Object:
    memory = {"memory": image.memory}
    found: Object = {
        "name": image.name,
        "image": f"{image.image}:{image.tag}",
        "env": [{"name": "LOG_LEVEL", "value": "info"}],
        "resources": {"limits": memory, "requests": {"cpu": image.cpu, **memory}},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if image.port:
        found["ports"] = [{"name": "http", "containerPort": image.port, "protocol": "TCP"}]
    return found


def _serving(image: Image, service: Service) -> Object:
    found = _container(image)
    found["livenessProbe"] = _probe("/healthz", image.port, 10, 3)
    found["readinessProbe"] = _probe("/ready", image.port, 5, 2)
    if image.name == service.main.name and service.grace > 30:
        found["lifecycle"] = {"preStop": {"exec": {"command": ["/bin/drain", "--wait=20s"]}}}
    if service.volume:
        found["volumeMounts"] = [{"name": service.volume, "mountPath": f"/{service.volume}"}]
    return found


def _sidecar(image: Image) -> Object:
    return {
        **_container(image),
        "restartPolicy": "Always",
        "startupProbe": _probe("/ready", image.port, 1, 30),
    }


def _probe(path: str, port: int, period: int, failures: int) -> Object:
    return {
        "httpGet": {"path": path, "port": port, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": period,
        "successThreshold": 1,
        "failureThreshold": failures,
    }


def _volumes(service: Service) -> list[Object]:
    if not service.volume:
        return []
    return [
        {"name": service.volume, "persistentVolumeClaim": {"claimName": f"{service.volume}-{service.name}"}}
    ]


def _token_volume(name: str) -> Object:
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 420}}
