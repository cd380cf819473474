"""``offhook customers import`` as an admin uses it."""

from __future__ import annotations

from pathlib import Path

from tests.offhook.called import call
from tests.offhook.house import write_settings


def test_customers_come_from_a_file(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038, more='[crm]\ndefault_region = "IT"\n')
    file = tmp_path / "customers.csv"
    file.write_text("name,phone\nMario Bianchi,+39 333 1234501\n")
    first = call("customers", "import", file, "-c", settings)
    assert first.exit_code == 0
    assert first.stdout.splitlines()[-1] == "customers.csv: 1 customers read: 1 new, 0 changed, 0 as before"
    again = call("customers", "import", file, "-c", settings)
    assert again.stdout.splitlines()[-1] == "customers.csv: 1 customers read: 0 new, 0 changed, 1 as before"


def test_a_bad_row_keeps_all_rows_out(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038, more='[crm]\ndefault_region = "IT"\n')
    file = tmp_path / "customers.csv"
    file.write_text("name,phone\nMario Bianchi,+39 333 1234501\n,+39 333 1234502\n")
    result = call("customers", "import", file, "-c", settings)
    assert result.exit_code == 1
    assert "line 3" in result.stderr
    assert "nothing was imported" in result.stderr
    skipped = call("customers", "import", file, "-c", settings, "--skip-bad")
    assert skipped.exit_code == 0
    assert "1 new" in skipped.stdout
    assert "1 left out" in skipped.stdout
