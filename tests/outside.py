"""Somebody else's web server on loopback, as kind or as hostile as a test wants it."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme

Answer = bytes | Callable[["Visit"], None]
"""Raw bytes to send, or what is done with the connection."""


@dataclass(slots=True)
class Visit:
    """One request that came in."""

    connection: socket.socket
    head: str

    def send(self, data: bytes) -> bool:
        """Whether the visitor was still there."""
        try:
            self.connection.sendall(data)
        except OSError:
            return False
        return True


@dataclass
class Outside:
    """What it answers, by path, and who came."""

    port: int
    scheme: str
    answers: dict[str, Answer] = field(default_factory=dict)
    connections: int = 0
    requests: list[str] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "localhost") -> str:
        """An address of this server."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    def serves(self, path: str, body: bytes, *, content_type: str = "application/json", more: str = "") -> str:
        """Answer at `path` from now on; its URL."""
        self.answers[path] = answer(body, content_type=content_type, more=more)
        return self.url(path)

    def seen(self, path: str) -> int:
        """How often it was asked for a path."""
        return sum(head.startswith(f"GET {path} ") for head in self.requests)


def answer(body: bytes, *, status: str = "200 OK", content_type: str = "application/json", more: str = "") -> bytes:
    """A whole answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


AUTHORITY = trustme.CA()


def authorities(folder: Path) -> str:
    """A PEM file with the authority of every `Outside`."""
    file = folder / "outside-ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return str(file)


@contextmanager
def outside(*, tls: bool = True, names: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")) -> Iterator[Outside]:
    """A server for the length of a block, in threads of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))
    there = Outside(listener.getsockname()[1], "https" if tls else "http")
    closing = threading.Event()

    def serve(connection: socket.socket) -> None:
        with suppress(OSError, ssl.SSLError), connection:
            connection.settimeout(5)
            spoken = context.wrap_socket(connection, server_side=True) if tls else connection
            with spoken:
                _serve(there, spoken)

    def listen() -> None:
        while not closing.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            there.connections += 1
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield there
    finally:
        closing.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _serve(there: Outside, connection: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 1 << 16:
        chunk = connection.recv(4096)
        if not chunk:
            return
        head += chunk
    text = head.decode("latin-1")
    there.requests.append(text)
    path = text.split(" ", 2)[1] if " " in text else "/"
    found = there.answers.get(path, answer(b"{}", status="404 Not Found"))
    if callable(found):
        found(Visit(connection, text))
    else:
        connection.sendall(found)


def drips(visit: Visit) -> None:
    """A byte now and then, for ever."""
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while visit.send(b" "):
        time.sleep(0.02)


def never_ends(visit: Visit) -> None:
    """As much as somebody takes."""
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while visit.send(b"x" * 65536):
        pass


def endless_head(visit: Visit) -> None:
    """Header after header."""
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    while visit.send(b"X-More: of the same\r\n" * 1000):
        pass


def says_nothing(visit: Visit) -> None:
    """Takes the request and waits until the visitor gives up."""
    with suppress(OSError):
        visit.connection.recv(1)
