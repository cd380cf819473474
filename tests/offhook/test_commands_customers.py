"""``offhook customers import`` as an admin uses it."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from offhook.main import app
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


def two_annas(folder: Path) -> Path:
    settings = write_settings(folder, 5038, more='[crm]\ndefault_region = "IT"\n')
    file = folder / "customers.csv"
    file.write_text("id,name,mobile,email\nA1,Anna Rossi,335 1234567,\nB7,Rossi Anna,335 7654321,anna@example.com\n")
    assert call("customers", "import", file, "-c", settings).exit_code == 0
    return settings


def test_a_refusal_is_written_down_with_its_source_and_shown(tmp_path: Path) -> None:
    settings = two_annas(tmp_path)
    asked = call("customers", "consent", "3351234567", "-c", settings)
    assert "nothing is known" in asked.stdout
    said = ["--refused", "--source", "letter", "--date", "2026-03-03", "--by", "Dana"]
    told = call("customers", "consent", "3351234567", *said, "-c", settings)
    assert told.exit_code == 0
    assert "  Do not call: refused 3 Mar 2026, letter" in told.stdout.splitlines()
    assert "by Dana: Do not call" in call("customers", "consent", "A1", "-c", settings).stdout
    bare = call("customers", "consent", "A1", "--given", "-c", settings)
    assert (bare.exit_code, "consent-no-source" in bare.stderr) == (2, True)


def test_customers_are_made_one_listed_and_parted(tmp_path: Path) -> None:
    settings = two_annas(tmp_path)
    refused = CliRunner().invoke(app, ["customers", "merge", "A1", "B7", "-c", str(settings)], input="n\n")
    assert (refused.exit_code, "nothing was changed" in refused.stdout) == (1, True)
    done = call("customers", "merge", "A1", "B7", "--yes", "--by", "Dana", "-c", settings)
    assert done.exit_code == 0
    assert "anna@example.com  (new here)" in done.stdout
    found = call("customers", "find", "3357654321", "-c", settings)
    assert "Anna Rossi" in found.stdout
    again = call("customers", "merge", "A1", "B7", "--yes", "-c", settings)
    assert "are one customer already" in again.stderr
    assert (
        "1: id:2 Rossi Anna is a part of id:1 Anna Rossi, by Dana" in call("customers", "merges", "-c", settings).stdout
    )
    assert call("customers", "unmerge", "1", "-c", settings).exit_code == 0
    assert "merge-not-found" in call("customers", "unmerge", "1", "-c", settings).stderr
    assert call("customers", "merges", "-c", settings).stdout == "nobody was made one with anybody\n"
    assert "undone by" in call("customers", "merges", "--undone", "-c", settings).stdout


def test_the_to_do_list_leads_to_a_merge_and_is_then_shorter(tmp_path: Path) -> None:
    settings = write_settings(tmp_path, 5038, more='[crm]\ndefault_region = "IT"\n')
    file = tmp_path / "customers.csv"
    file.write_text("id,name,mobile\nA1,Anna Rossi,335 1234567\nB7,Rossi Anna,335 1234567\n")
    assert call("customers", "import", file, "-c", settings).exit_code == 0
    shown = call("customers", "quality", "-c", settings)
    assert shown.exit_code == 0
    assert "offhook customers merge id:1 id:2" in shown.stdout
    out = tmp_path / "todo.csv"
    assert "2 tasks" in call("customers", "quality", "-c", settings, "-o", out).stdout
    assert out.read_bytes().startswith(b"\xef\xbb\xbfkind,source,record")
    assert call("customers", "merge", "id:1", "id:2", "--yes", "-c", settings).exit_code == 0
    assert '"tasks": []' in call("customers", "quality", "-f", "json", "-c", settings).stdout
    assert "quality-no-form" in call("customers", "quality", "-o", tmp_path / "x.txt", "-c", settings).stderr
