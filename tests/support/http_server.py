"""An HTTP server on this machine that can be told to misbehave."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Shop:
    """Files by path, and how they are served.

    ``lengths``: whether answers state theirs; ``cuts``: bytes after which the next answers break off, one each;
    ``ranges``: whether parts can be asked for; ``hold``: set it to let an answer go on that stopped after its first
    ``before_hold`` bytes.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    ranges: bool = True
    lengths: bool = True
    shift: int = 0
    before_hold: int = 0
    hold: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@contextlib.contextmanager
def serving(shop: Shop) -> Iterator[Shop]:
    """Serve it on a free port of this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(shop)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        shop.url = f"http://127.0.0.1:{server.server_port}/"
        try:
            yield shop
        finally:
            shop.hold.set()
            server.shutdown()
            thread.join()


def _handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            shop.asked.append((self.path[1:], wanted))
            content = shop.files.get(self.path[1:])
            if content is None:
                self.send_error(404)
                return
            first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and shop.ranges else 0
            if first and first >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if first else 200)
            if first:
                self.send_header("Content-Range", f"bytes {first + shop.shift}-{len(content) - 1}/{len(content)}")
            if shop.lengths:
                self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            self._send(content[first:])

        def _send(self, content: bytes) -> None:
            with contextlib.suppress(ConnectionError):
                if shop.before_hold:
                    self.wfile.write(content[: shop.before_hold])
                    content = content[shop.before_hold :]
                    shop.hold.wait(20)
                self.wfile.write(content[: shop.cuts.pop(0)] if shop.cuts else content)
            self.close_connection = True

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler
