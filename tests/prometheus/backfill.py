"""Scrapes of a time that has been, put into Prometheus's own storage by its own tool."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from prometheus_client.core import Metric

ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def scraped_at(at: datetime, families: Iterable[Metric]) -> list[str]:
    """One scrape in the text format, each sample with its instant."""
    return [
        f"{sample.name}{{{_labels(sample.labels)}}} {sample.value} {at.timestamp():.3f}"
        for family in families
        for sample in family.samples
    ]


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in labels.items())


def store_scrapes(folder: Path, lines: Iterable[str]) -> None:
    """Make ``folder/data`` of them, for a server that is started there."""
    text = folder / "scrapes.txt"
    text.write_text("\n".join([*lines, "# EOF", ""]))
    done = subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=168h", text, folder / "data"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
