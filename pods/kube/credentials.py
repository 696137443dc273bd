"""From a ClusterSource to the official client's Configuration, read anew whenever asked.

The official loaders do the parsing; what they get wrong is mended here: a token file with a final
newline, an empty one, a plugin that is never run again, an error that is only logged.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio.client import Configuration
from kubernetes.aio.config import ConfigException
from kubernetes.aio.config.incluster_config import (
    SERVICE_CERT_FILENAME,
    SERVICE_TOKEN_FILENAME,
    InClusterConfigLoader,
)
from kubernetes.aio.config.kube_config import (
    ConfigNode,
    KubeConfigLoader,
    KubeConfigMerger,
    _create_temp_file_with_content,
)

from pods.domain.details import Detail
from pods.domain.reasons import Reason
from pods.kube.errors import CredentialsError
from pods.kube.exec_plugin import PluginStatus, run_plugin
from pods.kube.source import ClusterSource, DemoSource, InClusterSource, KubeconfigSource, ServerSource

# A plugin's credential is renewed this long before it expires.
EXPIRY_MARGIN_SECONDS = 60.0


# What the loaders raise for files that are missing, or hold something else than a kubeconfig.
_UNUSABLE = (ConfigException, OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError)


@dataclass(frozen=True)
class Loaded:
    """A configuration with the print of everything in it but the bearer token."""

    configuration: Configuration
    fingerprint: str
    expires_at: datetime | None
    from_plugin: bool


class _Loader(KubeConfigLoader):
    """The official loader, with plugins run under our rules."""

    plugin_status: PluginStatus | None = None

    async def load_from_exec_plugin(self) -> bool:
        user: Any = self._user
        cluster: Any = self._cluster
        base_path = self._get_base_path(user.path)  # type: ignore[no-untyped-call]
        status = await run_plugin(user["exec"].value, base_path, cluster.value)
        self.plugin_status = status
        if status.token:
            self.token = f"Bearer {status.token}"
        if status.client_certificate_data:
            self.cert_file = _create_temp_file_with_content(status.client_certificate_data)
            self.key_file = _create_temp_file_with_content(status.client_key_data)
        return True

    def _load_user_token(self) -> bool:
        user: Any = self._user
        if super()._load_user_token():  # type: ignore[no-untyped-call]
            if self.token.removeprefix("Bearer ").strip():
                return True
            raise ConfigException("the token is empty")
        if "tokenFile" in user:
            raise ConfigException(Detail.TOKEN_EMPTY)
        return False

    def _load_cluster_info(self) -> None:
        if self._user is None:  # a context without a user, over which the official loader stumbles
            self._user = ConfigNode("user", {})
        super()._load_cluster_info()  # type: ignore[no-untyped-call]


async def load(source: ClusterSource) -> Loaded:
    """Reads `source` now. Raises CredentialsError with what is wrong, in words without secrets."""
    try:
        match source:
            case KubeconfigSource():
                return await _from_kubeconfig(source)
            case InClusterSource():
                return await asyncio.to_thread(_from_service_account)
            case ServerSource():
                return await asyncio.to_thread(_from_server, source)
            case DemoSource():
                return _finish(_configuration(host=source.url.rstrip("/")))
    except _UNUSABLE as error:
        # No cause is chained: the official loader's messages quote whole users, tokens included.
        raise CredentialsError(Reason("credentials", {"detail": _detail(error)})) from None


async def _from_kubeconfig(source: KubeconfigSource) -> Loaded:
    merged = await asyncio.to_thread(KubeConfigMerger, source.paths)
    if merged.config is None:
        raise CredentialsError(Reason("credentials", {"detail": Detail.KUBECONFIG_MISSING}))
    loader: Any = _Loader(  # type: ignore[no-untyped-call]
        config_dict=merged.config, active_context=source.context, config_base_path=None
    )
    configuration = _configuration()
    await loader.load_and_set(configuration)
    token = configuration.api_key.get("BearerToken")
    if token is not None:
        configuration.api_key["BearerToken"] = token.strip()
    return _finish(configuration, loader.plugin_status)


def _from_service_account() -> Loaded:
    configuration = _configuration()
    loader = InClusterConfigLoader(
        token_filename=SERVICE_TOKEN_FILENAME, cert_filename=SERVICE_CERT_FILENAME, try_refresh_token=False
    )
    loader.load_and_set(configuration)
    configuration.api_key["BearerToken"] = _bearer(SERVICE_TOKEN_FILENAME)
    return _finish(configuration)


def _from_server(source: ServerSource) -> Loaded:
    configuration = _configuration(host=source.server.rstrip("/"))
    configuration.verify_ssl = not source.insecure_skip_tls_verify
    if source.ca_file:
        configuration.ssl_ca_cert = source.ca_file
    elif source.ca_data:
        configuration.ca_cert_data = source.ca_data
    if source.token_file:
        configuration.api_key["BearerToken"] = _bearer(source.token_file)
    return _finish(configuration)


def _bearer(token_file: str) -> str:
    token = Path(token_file).read_text(encoding="utf-8").strip()
    if not token:
        raise ConfigException(Detail.TOKEN_EMPTY)
    return f"Bearer {token}"


def _configuration(**arguments: Any) -> Configuration:
    """A fresh configuration without the client's own retries: when to try again is the reflector's."""
    configuration = Configuration(**arguments)
    configuration.retries = None
    return configuration


def _finish(configuration: Configuration, plugin: PluginStatus | None = None) -> Loaded:
    expires_at = plugin.expiration_timestamp if plugin else None
    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    return Loaded(configuration, _fingerprint(configuration), expires_at, plugin is not None)


def _fingerprint(configuration: Configuration) -> str:
    digest = hashlib.sha256()
    for value in (
        configuration.host,
        configuration.verify_ssl,
        configuration.tls_server_name,
        configuration.proxy,
        configuration.ca_cert_data,
    ):
        digest.update(repr(value).encode() + b"\0")
    for path in (configuration.ssl_ca_cert, configuration.cert_file, configuration.key_file):
        digest.update((Path(path).read_bytes() if path else b"") + b"\0")
    return digest.hexdigest()


def _detail(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{Path(str(error.filename)).name} does not exist"
    if isinstance(error, OSError):
        name = Path(str(error.filename)).name
        return f"{name} cannot be read" if error.filename else Detail.FILE_UNREADABLE
    if isinstance(error, ConfigException):
        return _config_detail(str(error))
    return Detail.KUBECONFIG_MALFORMED


def _config_detail(message: str) -> str:
    """The official loader's complaint without the part of the file that it quotes."""
    if found := re.match(r"Invalid kube-config file\. Expected key (\S+) in ", message):
        return f"the kubeconfig file lacks “{found[1]}”"
    if found := re.search(r"Expected object with name (.*) in \S*?(\w+) list", message):
        return f"the kubeconfig file has no “{found[1]}” among its {found[2]}"
    if found := re.match(r"File does not exists: (.*)", message):
        return f"{Path(found[1]).name} does not exist"
    return Detail.KUBECONFIG_MALFORMED if message.startswith("Invalid") else message.rstrip(".")
