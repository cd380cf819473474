"""Writes ``docs/errors.md`` from the pages in ``docs/errors.d``: ``python docs/make_errors.py``."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parent
HEAD = """# Errors

<!-- Made by `python docs/make_errors.py` from the pages in `docs/errors.d`. -->

Each error that Offhook shows or logs has a short name, for example `[link-login-refused]`. Here is what each one means
and what to do, by name.
"""


def errors_page() -> str:
    """The whole page: every heading of ``errors.d`` with its text, by name."""
    return HEAD + "".join(f"\n## {name}\n\n{text.strip()}\n" for name, text in sorted(sections()))


def sections() -> list[tuple[str, str]]:
    """Name and text of each error that is documented."""
    pages = [path.read_text(encoding="utf-8") for path in sorted((DOCS / "errors.d").glob("*.md"))]
    found = [re.split(r"^## (\S+)$", page, flags=re.MULTILINE)[1:] for page in pages]
    return [(name, text) for page in found for name, text in zip(page[::2], page[1::2], strict=True)]


if __name__ == "__main__":
    (DOCS / "errors.md").write_text(errors_page(), encoding="utf-8")
