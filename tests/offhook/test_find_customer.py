"""A number asked of every source from the terminal."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from crm_bridge.contact import Order, SourceError
from crm_bridge.settings import CrmSettings, SourceSettings
from offhook.find_customer import ask_all, finding_lines
from offhook.main import app
from tests.crm_bridge.scene import HOSTILE
from tests.crm_bridge.stubborn import Broken, Gated, Knowing, Prompt, Refusing, someone

KEY = "+393351234567"


async def test_each_source_says_what_it_found_or_why_it_could_not() -> None:
    sources = {
        "book": Prompt(),
        "crm": Prompt(someone("Anna \x1b[2J", KEY, "crm")),
        "old": Refusing(),
        "odd": Broken(),
        "deaf": Gated(),
    }
    crm = CrmSettings(
        lookup_deadline_s=0.01, lookup_give_up_s=0.02, sources=tuple(SourceSettings(name=name) for name in sources)
    )
    finding = await ask_all(dict(sources), crm, "335 1234567")
    lines = finding_lines(finding)
    assert lines[0] == "335 1234567: +393351234567 (the number as sent)"
    said = {line.partition(" ")[0]: line.partition(" s: ")[2] for line in lines[1:6]}
    assert said == {
        "book": "nobody",
        "crm": "1 found",
        "old": f"the CRM refused: HTTP 500 for {KEY} [crm-refused]".replace(KEY, "335 1234567"),
        "odd": "a fault of the adapter (ValueError)",
        "deaf": "no answer in time",
    }
    assert lines[6:] == ["sure: the customer has this number", f"  Anna ?[2J · crm 1 · {KEY}"]
    assert not finding.complete


async def test_what_a_source_knows_of_a_customer_is_shown_under_him() -> None:
    more = Order(reference="17", title="Offer \x1b[2J")
    knowing = Knowing(someone("Anna", KEY, "crm"), more=more)
    knowing.gate.set()
    crm = CrmSettings(sources=(SourceSettings(name="crm"),))
    assert finding_lines(await ask_all({"crm": knowing}, crm, KEY))[-1] == "    open orders: Offer ?[2J"
    knowing.more = SourceError("crm-failed", "the CRM failed", "HTTP 500")
    last = finding_lines(await ask_all({"crm": knowing}, crm, KEY))[-1]
    assert last == "    crm: orders, incidents and contacts could not be read: the CRM failed"


def test_the_command_asks_the_sources_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(f'name,phone\n"{HOSTILE.replace(chr(34), chr(34) * 2)}",3351234567\n')
    (tmp_path / "ami.secret").write_text("x\n")
    (tmp_path / "offhook.toml").write_text(
        '[[pbx]]\nname = "main"\nhost = "127.0.0.1"\nusername = "offhook"\nsecret_file = "ami.secret"\n'
        '[[crm.sources]]\nname = "erp"\nkind = "csv"\noptions = { path = "customers.csv" }\n'
    )
    command = ["customers", "find", "335 123 4567", "-c", str(tmp_path / "offhook.toml")]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "erp (csv)" in done.output
    assert f"  {HOSTILE} · erp" in done.output
    (tmp_path / "customers.csv").unlink()
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert "crm-file" in done.output
