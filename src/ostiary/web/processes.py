"""Sockets, processes and signals.

One worker is one process with all ports. More: a small parent binds every socket once (one `SO_REUSEPORT` socket per
worker, kept by the parent, so that a restarted worker finds its connections waiting), starts the runtime processes and
one administration process, and restarts what dies. SIGTERM and SIGINT: stop accepting, finish what runs, exit 0.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import uvicorn

from ostiary.config import EX_CONFIG, Bind, ConfigError
from ostiary.web.protocol import BoundedProtocol, CertificateProtocol

GRACE_SECONDS = 10
BACKLOG = 2048
RESTART_PAUSE_SECONDS = 0.5
FDS_VARIABLE = "OSTIARY_INHERITED_SOCKETS"
LIFELINE_VARIABLE = "OSTIARY_LIFELINE"

log = logging.getLogger("ostiary.processes")
AsgiApplication = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Listening:
    """One application on one socket."""

    application: AsgiApplication
    socket: socket.socket
    tls: ssl.SSLContext | None = None
    asks_for_certificates: bool = False


def bind(address: Bind, *, shared: bool = False) -> socket.socket:
    """A bound, listening socket; raises `ConfigError` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        sock.bind((address.host, address.port))
    except (OSError, ValueError) as problem:  # a name that is none is a ValueError
        sock.close()
        reason = problem.strerror if isinstance(problem, OSError) else problem
        raise ConfigError(f"cannot listen on {address.authority}: {reason}") from None
    sock.listen(BACKLOG)
    sock.setblocking(False)
    sock.set_inheritable(True)
    return sock


class _QuietServer(uvicorn.Server):
    """uvicorn without its own ideas of signals: they are handled here, in one place."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def _given(context: ssl.SSLContext) -> Callable[..., ssl.SSLContext]:
    return lambda _config, _default: context


def told_to_stop() -> asyncio.Event:
    """An event of this loop that SIGTERM, SIGINT and the end of the parent process set, from now on."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lifeline = os.environ.get(LIFELINE_VARIABLE)
    if lifeline:
        loop.add_reader(int(lifeline), stop.set)  # its end: the parent is gone, so nobody would restart or stop us
    return stop


async def serve(
    listening: Sequence[Listening], house: Callable[[], Coroutine[Any, Any, None]], stop: asyncio.Event
) -> None:
    """Serve until `stop`, then finish what runs (at most `GRACE_SECONDS`).

    `house` runs beside the servers for as long as they do; when it raises, they stop and the exception is passed on.
    """
    servers: list[_QuietServer] = []
    for each in listening:
        config = uvicorn.Config(
            each.application,
            http=CertificateProtocol if each.asks_for_certificates else BoundedProtocol,
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SECONDS,
            backlog=BACKLOG,
            ssl_context_factory=_given(each.tls) if each.tls is not None else None,
        )
        servers.append(_QuietServer(config))
    loop = asyncio.get_running_loop()
    tasks = [loop.create_task(server.serve([each.socket])) for server, each in zip(servers, listening, strict=True)]
    keeping = loop.create_task(house())
    keeping.add_done_callback(lambda _task: stop.set())
    await stop.wait()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)
    if keeping.done():
        keeping.result()
    else:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping


@dataclass(slots=True)
class Child:
    """A process that the parent keeps alive."""

    name: str
    sockets: Mapping[str, socket.socket]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def start(self, command: Sequence[str], environment: Mapping[str, str], lifeline: int) -> None:
        """Start it, with its sockets inherited, and a pipe that ends when the parent does."""
        descriptors = {name: sock.fileno() for name, sock in self.sockets.items()}
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - our own program, with our own words
            [*command, self.name],
            env={**environment, FDS_VARIABLE: json.dumps(descriptors), LIFELINE_VARIABLE: str(lifeline)},
            pass_fds=(*descriptors.values(), lifeline),
            start_new_session=True,  # Ctrl-C reaches the parent alone, which tells the children in its own way
        )


def keep_alive(children: Sequence[Child], command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Start the children, restart what dies, until SIGTERM or SIGINT; then stop them and return 0."""
    stopping = False

    def stop(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    lifeline, _held_open = os.pipe()
    for child in children:
        child.start(command, environment, lifeline)
    refused = 0
    while not stopping and not refused:
        time.sleep(0.1)
        for child in children:
            refused = refused or _tend(child, command, environment, lifeline)
    _stop(children)
    return refused


def _tend(child: Child, command: Sequence[str], environment: Mapping[str, str], lifeline: int) -> int:
    """Start the child again if it died. Returns its exit code if it said that starting again is of no use."""
    if child.process is None or child.process.poll() is None:
        return 0
    if child.process.returncode == EX_CONFIG:
        return EX_CONFIG
    if time.monotonic() - child.started >= RESTART_PAUSE_SECONDS:
        log.warning("%s ended with %s; it is started again", child.name, child.process.returncode)
        child.start(command, environment, lifeline)
    return 0


def _stop(children: Sequence[Child]) -> None:
    running = [child.process for child in children if child.process is not None and child.process.poll() is None]
    for process in running:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS + 2
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def inherited_sockets() -> dict[str, socket.socket]:
    """The sockets the parent bound for this process, by their role."""
    text = os.environ.get(FDS_VARIABLE)
    if not text:
        return {}
    return {name: socket.socket(fileno=descriptor) for name, descriptor in json.loads(text).items()}


def this_command(*arguments: str) -> list[str]:
    """The command line that starts this program again."""
    return [sys.executable, "-m", "ostiary.cli.main", *arguments]
