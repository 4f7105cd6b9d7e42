"""Which server, and what is shown to it; secrets are no options."""

from dataclasses import replace
from pathlib import Path

import pytest

from ecg_live.errors import ConfigError, DeviceError
from ecg_live.nats.connection import connect, site_names
from ecg_live.nats.options import ServerOptions, server_options
from ecg_live.nats.server import EmbeddedServer
from ecg_live.nats.server_file import RunningServer, forget_server, running_server, save_server
from tests.support.nats_site import options_of, run


def test_the_environment_gives_secrets() -> None:
    environ = {
        "ECG_LIVE_NATS_SERVER": "tls://a:4222,tls://b:4222",
        "ECG_LIVE_NATS_USER": "u",
        "ECG_LIVE_NATS_PASSWORD": "p",
    }
    options = server_options(environ=environ)
    assert options is not None
    assert (options.urls, options.user, options.password) == (["tls://a:4222", "tls://b:4222"], "u", "p")
    assert options.encrypted
    assert not options.local
    assert "password" not in repr(options)


@pytest.mark.parametrize("url", ["http://a:4222", "a:4222", "nats://", "nats://h:99999", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError, match="is not an address"):
        server_options(url or "nats://", environ={})


def test_a_password_in_the_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="others on this machine could read") as caught:
        server_options("nats://me:secret@h:4222", environ={})
    assert "secret" not in str(caught.value)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file of credentials"):
        server_options("tls://h:4222", str(tmp_path / "x.creds"), environ={})
    with pytest.raises(ConfigError, match="TLS files"):
        server_options("tls://h:4222", ca=str(tmp_path / "x.pem"), environ={})


def test_the_server_of_this_machine_is_found(
    nats_server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECG_LIVE_DATA", str(tmp_path))
    assert server_options(environ={}) is None
    save_server(nats_server.running)
    options = server_options(environ={})
    assert options == options_of(nats_server)
    gone = RunningServer("nats://127.0.0.1:1", "x", 1, 1)
    save_server(gone)
    assert running_server() is None
    forget_server(gone)
    assert not (tmp_path / "nats" / "server.json").exists()


def test_errors_of_a_connection_are_one_line(nats_server: EmbeddedServer) -> None:
    options = options_of(nats_server)

    async def work() -> None:
        with pytest.raises(ConfigError, match="refuses the credentials"):
            await connect(replace(options, token="wrong"), "test")  # noqa: S106 - of nothing
        with pytest.raises(DeviceError, match=r"no NATS server answers at nats://127.0.0.1:1"):
            await connect(ServerOptions("nats://127.0.0.1:1"), "test")
        async with await connect(options, "test") as connection:
            with pytest.raises(DeviceError, match="has no site nowhere"):
                await site_names(connection, "nowhere")

    run(work)
