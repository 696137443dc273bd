"""Changes to Django's middleware that the portal needs."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware as DjangoCommonMiddleware

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
