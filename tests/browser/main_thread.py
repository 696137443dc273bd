"""What a page's scripts work, in processor time: what else the machine does does not count."""

from playwright.sync_api import Page


class MainThread:
    """The main thread of a page; what a test itself asks of the page is not its work."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def scripts_ms(self) -> float:
        """Milliseconds spent in the page's scripts since this was made."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return 1000 * next(float(one["value"]) for one in metrics if one["name"] == "ScriptDuration")
