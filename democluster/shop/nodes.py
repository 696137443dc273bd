"""Where pods run: worker nodes, which take turns, and pod addresses, which are reused."""

from democluster.shop.catalogue import WORKERS
from democluster.shop.pods import Pod

_LARGEST = 250


class Nodes:
    """The scheduler: places pods where the fewest run, and gives each an address of its node's range."""

    def __init__(self) -> None:
        self._used: dict[str, set[int]] = {node: set() for node in WORKERS}
        self._next = dict.fromkeys(WORKERS, 1)

    def place(self, pod: Pod) -> None:
        node = min(self._used, key=lambda name: len(self._used[name]))
        number = self._free(node)
        self._used[node].add(number)
        index = WORKERS.index(node) + 1
        pod.place(node, f"10.20.0.{10 + index}")
        pod.address = f"10.42.{index}.{number}"

    def leave(self, pod: Pod) -> None:
        """The pod's address may be given to another."""
        if pod.node:
            self._used[pod.node].discard(int(pod.address.rsplit(".", 1)[1]))

    def _free(self, node: str) -> int:
        """Addresses go round, so that one just given up is not used again at once."""
        number = self._next[node]
        while number in self._used[node]:
            number = number % _LARGEST + 1
        self._next[node] = number % _LARGEST + 1
        return number
