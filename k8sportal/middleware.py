"""Changes to Django's middleware that the portal needs."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware as DjangoCommonMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware as SyncWhiteNoiseMiddleware

PROBE_PATHS = frozenset({"/livez", "/readyz", "/metrics"})


class CommonMiddleware(DjangoCommonMiddleware):
    """Django's, but probes may come under any Host: a kubelet asks by the pod's own address.

    Those three paths write no link and set no cookie, so there is nothing that a forged Host
    could gain.
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if request.path_info in PROBE_PATHS:
            return None
        return super().process_request(request)


class WhiteNoiseMiddleware(SyncWhiteNoiseMiddleware):
    """WhiteNoise's, also for an asynchronous chain.

    Its own is synchronous: every request, for a file or not, would wait in a thread for the rest of the
    chain, and one whose client leaves meanwhile would end in an exception there that nobody retrieves.
    """

    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if iscoroutinefunction(self):
            return self._respond(request)
        return super().__call__(request)

    async def _respond(self, request: HttpRequest) -> HttpResponseBase:
        if self.autorefresh:
            static_file = await sync_to_async(self.find_file)(request.path_info)
        else:
            static_file = self.files.get(request.path_info)
        if static_file is None:
            return await self.get_response(request)
        return await sync_to_async(self.serve, thread_sensitive=False)(static_file, request)
