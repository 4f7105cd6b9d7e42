"""A server with TLS and passwords, as a cluster elsewhere has."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ecg_live.errors import ConfigError, DeviceError
from ecg_live.nats.connection import connect
from ecg_live.nats.options import CA_VARIABLE, PASSWORD_VARIABLE, SERVER_VARIABLE, USER_VARIABLE, server_options
from ecg_live.nats.server import end_process, free_port, server_program
from ecg_live.nats.server_file import RunningServer
from ecg_live.nats.site import make_site
from tests.support.nats_site import run

OPENSSL = shutil.which("openssl")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate of its own authority, and its key."""
    made, key = folder / f"{name}.pem", folder / f"{name}.key"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", made, *subject)
    subprocess.run([str(OPENSSL), *map(str, words)], check=True, capture_output=True)
    return made, key


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not here")
def test_tls_and_a_password(tmp_path: Path) -> None:
    made, key = certificate(tmp_path, "server")
    other, _ = certificate(tmp_path, "other")
    port = free_port()
    settings = tmp_path / "server.conf"
    settings.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{tmp_path}" }}\n'
        f'tls {{ cert_file: "{made}", key_file: "{key}" }}\nauthorization {{ user: "u", password: "p" }}\n'
    )
    process = subprocess.Popen([server_program(), "-c", str(settings)], stderr=subprocess.DEVNULL)
    environ = {SERVER_VARIABLE: f"tls://localhost:{port}", USER_VARIABLE: "u", PASSWORD_VARIABLE: "p"}

    async def work() -> None:
        good = server_options(environ=environ | {CA_VARIABLE: str(made)})
        assert good is not None
        assert good.encrypted
        async with await connect(good, "test") as connection:
            await make_site(connection, "safe")
        with pytest.raises(ConfigError, match="refuses the credentials"):
            await connect(replace(good, password="q"), "test")  # noqa: S106 - of nothing
        with pytest.raises(DeviceError, match="no TLS with the NATS server"):
            await connect(replace(good, ca=str(other)), "test")

    try:
        while not RunningServer(f"nats://127.0.0.1:{port}", "", 0, 0).answers():
            assert process.poll() is None
        run(work)
    finally:
        end_process(process)
