"""Counters at /metrics, fed by events, with labels from closed sets only (threat T-61), summed over the processes."""

import os
from pathlib import Path
from typing import Any


class Metrics:
    """Prometheus counters kept in files of the data folder, one set per process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        import prometheus_client  # it reads the folder from the environment when it is imported

        self._folder = folder
        self._library: Any = prometheus_client
        self._events = prometheus_client.Counter(
            "ostiary_events_total", "What happened, by event and outcome.", ["event", "outcome"]
        )
        self._lag = prometheus_client.Gauge(
            "ostiary_job_lag_seconds", "How late a job ran.", ["job"], multiprocess_mode="max"
        )
        self._counted: dict[tuple[str, str], int] = {}

    def count(self, event: str, outcome: str) -> None:
        """One more of this event. Both words come from closed sets. Seen at /metrics after the next `flush`."""
        key = (event, outcome)
        self._counted[key] = self._counted.get(key, 0) + 1

    def flush(self) -> None:
        """Hand what was counted to the library: a write to its file costs too much to make one for each event."""
        counted, self._counted = self._counted, {}
        for (event, outcome), number in counted.items():
            self._events.labels(event, outcome).inc(number)

    def job_ran(self, job: str, lag_seconds: float) -> None:
        """A job ran, this much later than planned."""
        self._lag.labels(job).set(lag_seconds)

    def render(self) -> tuple[bytes, bytes]:
        """The metrics of all processes as Prometheus reads them: (body, content type)."""
        from prometheus_client import multiprocess  # only the administration process renders

        self.flush()
        registry = self._library.CollectorRegistry()
        collector: Any = multiprocess.MultiProcessCollector
        collector(registry, path=str(self._folder))
        return self._library.generate_latest(registry), self._library.CONTENT_TYPE_LATEST.encode()

    @staticmethod
    def clear(folder: Path) -> None:
        """Forget the files of processes that are gone; called once by the parent before any process counts."""
        for file in folder.glob("*.db"):
            file.unlink(missing_ok=True)
