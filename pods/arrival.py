"""What arrived where a WebSocket should have: the socket's address, asked by plain HTTP.

A browser is told nothing of why a socket did not open. So its page asks the same address, on the same
way through the same proxies, and learns whether the portal answers there, and under which scheme and
Host it was asked. An opening whose Upgrade was lost on the way gets the same answer.
"""

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from k8sportal.proxies import request_address
from pods.domain.arrival import SENTENCES
from pods.domain.sentences import render
from pods.origin import allows_origin

MAX_ORIGIN = 300


@never_cache
@require_GET
async def arrived(request: HttpRequest) -> JsonResponse:
    """`/ws/pods/?…[&origin=…]` without Upgrade: why a socket would not open, and what came of the request.

    `origin` is the page's own: browsers send the header along with sockets, and not along with this.
    """
    host = request.headers.get("Host", "")
    scheme = request.scheme or "http"
    origin = request.headers.get("Origin", request.GET.get("origin", ""))[:MAX_ORIGIN]
    foreign = origin and not allows_origin(origin, scheme, host, settings.CSRF_TRUSTED_ORIGINS)
    code = "foreign_origin" if foreign else "no_upgrade"
    params = {"origin": origin, "own": f"{scheme}://{host}"} if foreign else {}
    came = {
        "scheme": scheme,
        "host": host,
        "from": request_address(request),
        "upgrade": request.headers.get("Upgrade", "").lower() == "websocket",
        "handshake": "Sec-WebSocket-Key" in request.headers,
    }
    message = render(SENTENCES[code], params)
    return JsonResponse({"code": code, "params": params, "message": message, "arrived": came})
