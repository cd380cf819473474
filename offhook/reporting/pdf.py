"""A report as PDF, made by WeasyPrint in a process of its own: it takes seconds, and calls do not wait.

The document can load nothing: neither from the network nor from this machine.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from cti.errors import OffhookError

LONGEST_S = 120


def make_pdf(html: str) -> bytes:
    """The document as PDF; waits for it, so call it in a thread.

    Raises:
        OffhookError: WeasyPrint is not installed, or it failed.
    """
    if importlib.util.find_spec("weasyprint") is None:
        hint = "pip install 'offhook[pdf]', or make it HTML and print that"
        raise OffhookError("report-no-pdf", "a PDF cannot be made", "WeasyPrint is not installed", hint)
    command = [sys.executable, "-c", "from offhook.reporting.pdf import _work; _work()"]
    try:
        done = subprocess.run(command, input=html.encode(), capture_output=True, timeout=LONGEST_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise _failed(f"it took more than {LONGEST_S} s") from None
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise _failed(last[:200] or f"status {done.returncode}")
    return done.stdout


def _failed(why: str) -> OffhookError:
    hint = "ask for fewer rows, or make it HTML and print that"
    return OffhookError("report-pdf-failed", "the PDF could not be made", why, hint)


def _work() -> None:
    """The other process: HTML in, PDF out."""
    import weasyprint
    from weasyprint.urls import URLFetcher

    fetcher = URLFetcher(allowed_protocols=())
    document = weasyprint.HTML(string=sys.stdin.buffer.read().decode(), url_fetcher=fetcher)
    sys.stdout.buffer.write(document.write_pdf())
