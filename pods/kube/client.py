"""One HTTP client of one cluster: the official client for authentication and TLS, bodies left raw.

A Client counts its open responses, so that credentials can be replaced without cutting off the
watches that flow: the retired client closes with its last response.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import aiohttp
from kubernetes.aio.client import ApiClient
from kubernetes.aio.client.rest import RESTClientObject, RESTResponse

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.kube.credentials import Loaded
from pods.kube.errors import CertificateRefused, CredentialsError, KubeError, TimedOut, Unreachable
from pods.kube.status import status_error

USER_AGENT = "k8sportal"

# The probe comes every 2 s and keeps its connection; after the last viewer nothing stays open for long.
KEEPALIVE_SECONDS = 5.0

Query = list[tuple[str, str]]
Encoding = Literal["identity", "gzip"]

# Status bodies are small; whatever is longer is not one.
MAX_ERROR_BODY_BYTES = 64 * 1024
ERROR_BODY_SECONDS = 5.0


class _RestClient(RESTClientObject):
    """The official transport with a pool that never makes a watch wait, and forgets idle connections soon.

    Redirects are not followed: the API server sends none, and only it may have the credentials. Bodies
    stay as they came: who asked for a compressed one inflates it, within bounds.
    """

    async def request(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: None = None,
        post_params: None = None,
        _request_timeout: aiohttp.ClientTimeout | None = None,
    ) -> RESTResponse:
        """Sends a request without a body."""
        if self.pool_manager is None:
            self.pool_manager = self._create_pool_manager()
        response = await self.pool_manager.request(
            method,
            url,
            headers=headers,
            timeout=_request_timeout,
            allow_redirects=False,
            auto_decompress=False,
            server_hostname=self.configuration.tls_server_name,
            proxy=self.proxy,
            proxy_headers=self.proxy_headers,
        )
        return RESTResponse(response)

    def _create_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(limit=0, ssl=self.ssl_context, keepalive_timeout=KEEPALIVE_SECONDS)


class Client:
    """An ApiClient with the number of requests that still use it.

    Raises CredentialsError where the certificates in `loaded` are none.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded
        try:
            self._api = ApiClient(loaded.configuration)
            self._api.rest_client = _RestClient(loaded.configuration)
        except (OSError, ValueError) as error:
            raise CredentialsError(
                Reason("credentials", {"detail": Detail.CERTIFICATES_MALFORMED})
            ) from error
        self._api.user_agent = USER_AGENT
        self._open: set[aiohttp.ClientResponse] = set()
        self._users = 0
        self._retired = False

    def use_token_of(self, loaded: Loaded) -> None:
        """Takes over a renewed bearer token; everything else is unchanged (same fingerprint)."""
        self._api.configuration.api_key = loaded.configuration.api_key
        self.loaded = loaded

    @asynccontextmanager
    async def get(
        self,
        path: str,
        query: Query,
        accept: str,
        *,
        seconds: float,
        forbidden: Reason,
        encoding: Encoding = "identity",
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A GET whose headers must come within `seconds`; the body is the caller's, with its own deadline.

        The response is closed on leaving, however that happens: for a watch this ends it at the
        server. Raises KubeError for anything but 200.
        """
        self._users += 1
        try:
            response = await self._request(path, query, accept, encoding, seconds)
            self._open.add(response)
            try:
                if response.status != 200:
                    body = await _error_body(response)
                    raise status_error(response.status, body, response.headers.get("Retry-After"), forbidden)
                yield response
            finally:
                self._open.discard(response)
                response.close()
        finally:
            self._users -= 1
            if self._retired and not self._users:
                await self._api.close()

    async def _request(
        self, path: str, query: Query, accept: str, encoding: Encoding, seconds: float
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": accept, "Accept-Encoding": encoding}
        try:
            async with asyncio.timeout(seconds):
                call = await self._api.param_serialize(
                    "GET", path, query_params=query, header_params=headers, auth_settings=["BearerToken"]
                )
                answer = await self._api.call_api(*call, _request_timeout=aiohttp.ClientTimeout(total=None))
        except TimeoutError as error:
            raise TimedOut(Reason("timed_out", {"seconds": int(seconds)})) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise connection_error(error) from error
        response: aiohttp.ClientResponse = answer.response
        return response

    async def retire(self) -> None:
        """Closes the client now, or with its last request."""
        self._retired = True
        if not self._users:
            await self._api.close()

    async def close(self) -> None:
        """Closes the client and every response at once."""
        self.cut()
        self._retired = True
        await self._api.close()

    def cut(self) -> None:
        """Closes every open response: whoever reads one sees its stream end with an error."""
        for response in list(self._open):
            response.close()


async def _error_body(response: aiohttp.ClientResponse) -> bytes:
    try:
        async with asyncio.timeout(ERROR_BODY_SECONDS):
            return await response.content.read(MAX_ERROR_BODY_BYTES)
    except (TimeoutError, aiohttp.ClientError, OSError):
        return b""


def connection_error(error: Exception) -> KubeError:
    """What a failure of aiohttp means, in words without addresses of other people's proxies or headers."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        refused = error.certificate_error
        said = refused.verify_message if isinstance(refused, ssl.SSLCertVerificationError) else None
        return CertificateRefused(Reason("certificate", {"detail": said or Detail.CERTIFICATE_INVALID}))
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Unreachable(Reason("unreachable", {"detail": Detail.NAME_UNKNOWN}))
    if isinstance(error, aiohttp.ClientSSLError):
        return Unreachable(Reason("unreachable", {"detail": Detail.TLS_FAILED}))
    if isinstance(error, ConnectionRefusedError) or (
        isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError)
    ):
        return Unreachable(Reason("unreachable", {"detail": Detail.CONNECTION_REFUSED}))
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return CredentialsError(Reason("credentials", {"detail": Detail.ADDRESS_MALFORMED}))
    return Unreachable(Reason("unreachable", {"detail": Detail.CONNECTION_BROKE}))
