"""Which server to use, and how to show who asks: secrets come from the environment or from files alone."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import urlsplit

from ecg_live.errors import ConfigError
from ecg_live.nats.server_file import running_server

SERVER_VARIABLE = "ECG_LIVE_NATS_SERVER"
CREDENTIALS_VARIABLE = "ECG_LIVE_NATS_CREDS"
CA_VARIABLE = "ECG_LIVE_NATS_CA"
CERTIFICATE_VARIABLE, KEY_VARIABLE = "ECG_LIVE_NATS_CERT", "ECG_LIVE_NATS_KEY"
USER_VARIABLE, PASSWORD_VARIABLE = "ECG_LIVE_NATS_USER", "ECG_LIVE_NATS_PASSWORD"
TOKEN_VARIABLE = "ECG_LIVE_NATS_TOKEN"  # noqa: S105 - as above
URL_SCHEMES = ("nats", "tls")
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Address of a server, and what is shown to it.

    Parameters
    ----------
    url : str
        ``nats://HOST:PORT`` or ``tls://HOST:PORT``; several of one cluster with commas between them.
    user, password, token : str, optional
        As the server asks for.
    credentials : str, optional
        A NATS ``.creds`` file.
    ca, certificate, key : str, optional
        PEM files: who may have signed the server's certificate, and this client's own.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials: str | None = None
    ca: str | None = None
    certificate: str | None = None
    key: str | None = field(default=None, repr=False)

    @property
    def urls(self) -> list[str]:
        """Each address."""
        return [each.strip() for each in self.url.split(",") if each.strip()]

    @property
    def encrypted(self) -> bool:
        """Whether TLS is used on every address."""
        return self.ca is not None or all(url.startswith("tls:") for url in self.urls)

    @property
    def local(self) -> bool:
        """Whether all addresses are this machine's own."""
        return all(urlsplit(url).hostname in LOOPBACK_HOSTS for url in self.urls)

    def tls(self) -> ssl.SSLContext | None:
        """TLS settings; None without TLS.

        Raises
        ------
        ConfigError
            A file cannot be used.
        """
        if not self.encrypted and self.certificate is None:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(name for name in (self.ca, self.certificate, self.key) if name)
            raise ConfigError(f"TLS files {files}: {error}", "give PEM files that belong together") from error
        return context


def server_options(
    url: str | None = None,
    credentials: str | None = None,
    ca: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> ServerOptions | None:
    """Options from the command line, else the environment; else the server that runs on this machine; None without any.

    Raises
    ------
    ConfigError
        The URL is none, or holds a password; a file is missing.
    """
    environ = os.environ if environ is None else environ
    url = url or environ.get(SERVER_VARIABLE)
    if url is None:
        found = running_server()
        return None if found is None else ServerOptions(found.url, token=found.token)
    options = ServerOptions(
        url,
        environ.get(USER_VARIABLE),
        environ.get(PASSWORD_VARIABLE),
        environ.get(TOKEN_VARIABLE),
        credentials or environ.get(CREDENTIALS_VARIABLE),
        ca or environ.get(CA_VARIABLE),
        environ.get(CERTIFICATE_VARIABLE),
        environ.get(KEY_VARIABLE),
    )
    for each in options.urls or [url]:
        _check_url(each)
    if options.credentials is not None:
        _check_credentials(options.credentials)
    options.tls()
    return options


def require_nats() -> None:
    """Check that the packages of the extra ``nats`` are there.

    Raises
    ------
    ConfigError
        They are missing.
    """
    if find_spec("nats") is None:
        raise ConfigError("nats is not installed", "run: python -m pip install 'ecg-live[nats]'")


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    try:
        named = parts.scheme in URL_SCHEMES and parts.hostname is not None and parts.port != 0
    except ValueError:
        named = False
    if not named:
        raise ConfigError(f"server {url!r} is not an address", "give it as tls://HOST:4222 or nats://HOST:4222")
    if parts.username is not None or parts.password is not None:
        raise ConfigError(
            f"the address of {parts.hostname} holds a user or password, which others on this machine could read",
            f"set {USER_VARIABLE} and {PASSWORD_VARIABLE} or {TOKEN_VARIABLE} instead, or give a --creds file",
        )


def _check_credentials(path: str) -> None:
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for a name that is too long
        raise ConfigError(f"{path}: no such file of credentials", "give the .creds file of the server's operator")
    if find_spec("nkeys") is None:
        raise ConfigError("nkeys is not installed, which signs with .creds files", "run: python -m pip install nkeys")
