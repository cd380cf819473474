"""Who may import whom, and which files stay free of clocks, sockets and databases."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

from tests.source import PARTS, calls, imports, source_files

# What a part may import of ours beside itself. `offhook` may import everything.
ALLOWED = {
    "cti": (),
    "crm_bridge": ("cti.model", "cti.feed", "cti.errors"),
    "kpi": ("cti.model", "cti.feed", "cti.errors"),
    "offhook": PARTS,
}
# The files of `cti` that do I/O or wait. All others are pure.
CTI_AT_WORK = (
    "cti/feed.py",
    "cti/steady_clock.py",
    "cti/link.py",
    "cti/link_faults.py",
    "cti/conversation.py",
    "cti/drivers/*.py",
    "cti/journal*.py",
    "cti/recording.py",
    "cti/scrub.py",
    "cti/pbx/settings.py",
)
PURE_ELSEWHERE = (
    "crm_bridge/number.py",
    "crm_bridge/call_note.py",
    "crm_bridge/desk_settings.py",
    "crm_bridge/consent.py",
    "crm_bridge/consent_columns.py",
    "crm_bridge/contact.py",
    "crm_bridge/parts.py",
    "crm_bridge/matching.py",
    "crm_bridge/answer_cache.py",
    "crm_bridge/breaker.py",
    "crm_bridge/bucket.py",
    "crm_bridge/forms.py",
    "crm_bridge/pop.py",
    "crm_bridge/pop_url.py",
    "kpi/agent_time.py",
    "kpi/coverage.py",
    "kpi/found.py",
    "kpi/gaps.py",
    "kpi/histogram.py",
    "kpi/levels.py",
    "kpi/items.py",
    "kpi/live.py",
    "kpi/local_time.py",
    "kpi/opening.py",
    "kpi/parameters.py",
    "kpi/question.py",
    "kpi/tally.py",
    "kpi/measures/*.py",
    "offhook/settings_check.py",
)
NOT_PURE = (
    "aiohttp",
    "aiosqlite",
    "alembic",
    "asyncio",
    "asyncpg",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "structlog",
    "subprocess",
    "threading",
    "time",
)
CLOCKS = ("datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.monotonic", "open")


def is_pure(file: str) -> bool:
    if file.startswith("cti/"):
        return not any(fnmatch(file, pattern) for pattern in CTI_AT_WORK)
    return any(fnmatch(file, pattern) for pattern in PURE_ELSEWHERE)


def within(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(name + ".") for name in names)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_only_what_it_may(part: str) -> None:
    wrong = [
        f"{file}:{line} imports {module}"
        for file in source_files()
        if file.startswith(part + "/")
        for module, line in imports(file)
        if within(module, PARTS) and not within(module, (part, *ALLOWED[part]))
    ]
    assert wrong == []


def test_no_import_is_relative() -> None:
    wrong = [f"{file}:{line} {module}" for file in source_files() for module, line in imports(file) if module[0] == "."]
    assert wrong == []


def test_no_part_imports_the_tests_or_the_bench() -> None:
    wrong = [
        f"{file}:{line} imports {module}"
        for file in source_files()
        for module, line in imports(file)
        if within(module, ("tests", "bench", "pytest"))
    ]
    assert wrong == []


@pytest.mark.parametrize("file", [file for file in source_files() if is_pure(file)])
def test_a_pure_file_knows_no_clock_no_socket_and_no_database(file: str) -> None:
    imported = [f"line {line} imports {module}" for module, line in imports(file) if within(module, NOT_PURE)]
    asked = [f"line {call.lineno} calls {name}" for call, name in calls(file) if name in CLOCKS]
    assert imported + asked == []


def test_the_lists_name_files_that_are_there() -> None:
    missing = [one for one in (*CTI_AT_WORK, *PURE_ELSEWHERE) if not any(fnmatch(file, one) for file in source_files())]
    assert missing == []
