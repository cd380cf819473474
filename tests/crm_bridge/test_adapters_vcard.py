"""A vCard file that another program writes."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge.adapters.vcard import Options, open_adapter
from crm_bridge.number import parse_number
from crm_bridge.settings import CrmSettings
from crm_bridge.sources import Surroundings


async def test_each_card_is_a_customer_with_all_his_numbers(engine: AsyncEngine, tmp_path: Path) -> None:
    numbers = "TEL;TYPE=work:+39 02 2100 0100\nTEL;TYPE=cell:335 1234567\n"
    card = f"BEGIN:VCARD\nVERSION:4.0\nUID:u1\nFN:Anna Rossi\n{numbers}END:VCARD\n"
    (tmp_path / "all.vcf").write_text(card + "BEGIN:VCARD\nFN:Broken\n", encoding="utf-8")
    source = open_adapter("abook", Options(path="all.vcf"), Surroundings(engine, CrmSettings(), tmp_path))
    for text in ("+390221000100", "+393351234567"):
        [anna] = await source.find(parse_number(text, "IT"))
        assert (anna.name, [one.label for one in anna.numbers]) == ("Anna Rossi", ["work", "mobile"])
    await source.close()
