"""What runs in the shop: data only. Names, images, sizes, how long things take, what goes wrong."""

from dataclasses import dataclass
from enum import Enum


class Trouble(Enum):
    """What a workload suffers from; NONE is rolled out now and then."""

    NONE = "none"
    FLAPPING = "flapping"
    CRASH_LOOP = "crash loop"
    OUT_OF_MEMORY = "out of memory"
    BAD_IMAGE = "bad image"
    UNSCHEDULABLE = "unschedulable"
    EVICTIONS = "evictions"


@dataclass(frozen=True)
class Image:
    """A container: name, image without tag, tag, port (0: none), CPU and memory requests."""

    name: str
    image: str
    tag: str
    port: int = 8080
    cpu: str = "100m"
    memory: str = "128Mi"


@dataclass(frozen=True)
class Service:
    """A workload and how its pods behave; times in seconds (low, high)."""

    namespace: str
    name: str
    replicas: int
    main: Image
    inits: tuple[Image, ...] = ()
    sidecars: tuple[Image, ...] = ()
    extras: tuple[Image, ...] = ()
    trouble: Trouble = Trouble.NONE
    troubled: int = 1
    starts_in: tuple[float, float] = (3, 8)
    stops_in: tuple[float, float] = (2, 6)
    grace: int = 30
    volume: str = ""
    gpu: bool = False
    gates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schedule:
    """A CronJob: its period in minutes, how long a run takes, and the share of runs that fail."""

    namespace: str
    name: str
    minutes: int
    main: Image
    takes: tuple[float, float]
    fails: float = 0.0


_REGISTRY = "registry.shop.example/shop"
_PROXY = Image("envoy", "docker.io/envoyproxy/envoy", "v1.34.1", 15001, "50m", "64Mi")
_MIGRATE = Image("migrate", f"{_REGISTRY}/migrate", "3.2.0", 0)
_WAIT = Image("wait-for-db", "docker.io/library/busybox", "1.37.0", 0, "10m", "16Mi")


def _shop(name: str, tag: str, memory: str = "256Mi") -> Image:
    return Image(name, f"{_REGISTRY}/{name}", tag, memory=memory)


DEPLOYED = (
    Service("shop", "storefront", 6, _shop("storefront", "5.14.0"), stops_in=(3, 9)),
    Service("shop", "catalog", 5, _shop("catalog", "2.31.4"), inits=(_WAIT,)),
    Service("shop", "cart", 4, _shop("cart", "1.9.2"), sidecars=(_PROXY,)),
    Service(
        "shop",
        "checkout",
        4,
        _shop("checkout", "4.0.7"),
        inits=(_WAIT, _MIGRATE),
        sidecars=(_PROXY,),
        starts_in=(5, 11),
    ),
    Service("shop", "payments", 3, _shop("payments", "3.3.1"), stops_in=(25, 50), grace=60),
    Service(
        "shop",
        "search",
        4,
        _shop("search", "7.2.0", "1Gi"),
        extras=(Image("indexer", f"{_REGISTRY}/indexer", "7.2.0", 9200),),
        trouble=Trouble.FLAPPING,
        troubled=2,
        starts_in=(8, 16),
    ),
    Service(
        "shop",
        "recommendations",
        3,
        _shop("recommendations", "0.18.3", "512Mi"),
        trouble=Trouble.OUT_OF_MEMORY,
    ),
    Service("shop", "inventory", 3, _shop("inventory", "2.6.0")),
    Service("shop", "notifications", 2, _shop("notifications", "1.4.4")),
    Service("shop", "thumbnails", 3, _shop("thumbnails", "1.1.9"), trouble=Trouble.EVICTIONS),
    Service("shop", "reviews", 2, _shop("reviews", "2.0.0"), trouble=Trouble.CRASH_LOOP),
    Service("shop", "loyalty", 2, _shop("loyalty", "1.7.2"), trouble=Trouble.BAD_IMAGE),
    Service(
        "shop", "forecast", 1, _shop("forecast", "0.3.0", "4Gi"), trouble=Trouble.UNSCHEDULABLE, gpu=True
    ),
    Service("shop", "gateway", 3, _shop("gateway", "6.1.0"), gates=("shop.example/load-balancer-ready",)),
    Service(
        "platform",
        "ingress",
        2,
        Image("controller", "registry.k8s.io/ingress-nginx/controller", "v1.13.2", 443),
    ),
    Service(
        "platform",
        "cert-manager",
        1,
        Image("controller", "quay.io/jetstack/cert-manager-controller", "v1.18.2"),
    ),
    Service(
        "platform",
        "grafana",
        1,
        Image("grafana", "docker.io/grafana/grafana", "12.1.1", 3000),
        volume="storage",
    ),
    Service(
        "platform",
        "external-dns",
        1,
        Image("external-dns", "registry.k8s.io/external-dns/external-dns", "v0.19.0", 7979),
        trouble=Trouble.CRASH_LOOP,
    ),
    Service(
        "kube-system", "coredns", 2, Image("coredns", "registry.k8s.io/coredns/coredns", "v1.12.3", 9153)
    ),
)

STATEFUL = (
    Service(
        "shop",
        "orders-db",
        3,
        Image("postgres", "docker.io/library/postgres", "17.6", 5432, "500m", "2Gi"),
        inits=(Image("init-data", "docker.io/library/busybox", "1.37.0", 0, "10m", "16Mi"),),
        extras=(
            Image(
                "exporter", "quay.io/prometheuscommunity/postgres-exporter", "v0.17.1", 9187, "20m", "32Mi"
            ),
        ),
        starts_in=(6, 12),
        stops_in=(8, 15),
        volume="data",
    ),
    Service(
        "platform",
        "prometheus",
        2,
        Image("prometheus", "quay.io/prometheus/prometheus", "v3.5.0", 9090, "250m", "1Gi"),
        starts_in=(10, 20),
        volume="data",
    ),
)

SCHEDULES = (
    Schedule("shop", "cart-cleanup", 3, _shop("cart-cleanup", "1.0.3"), (8, 25)),
    Schedule("batch", "price-sync", 2, _shop("price-sync", "2.2.0"), (20, 60)),
    Schedule("batch", "rebuild-index", 5, _shop("rebuild-index", "7.2.0", "1Gi"), (60, 150)),
    Schedule("batch", "export-orders", 10, _shop("export-orders", "1.3.1"), (30, 80), fails=0.5),
)

NAMESPACES = ("batch", "default", "kube-node-lease", "kube-public", "kube-system", "platform", "shop")
WORKERS = tuple(f"worker-{number}" for number in range(1, 6))
