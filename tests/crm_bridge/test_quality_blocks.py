"""Which records are compared."""

from __future__ import annotations

from hypothesis import given, strategies as st

from crm_bridge.quality.blocks import MOST_AT_ONCE, NEXT, Blocks, block_keys, pairs_of
from crm_bridge.quality.entry import Entry, EntryNumber

BITS = 1 << 12


def entry(record: int, name: str = "x", *keys: str, **more: str) -> Entry:
    numbers = tuple(EntryNumber(key, key) for key in keys)
    return Entry(record=str(record), whole=str(record), name=name, numbers=numbers, **more)


def blocks_of(*entries: Entry) -> list[list[int]]:
    blocks = Blocks(BITS)
    for place, one in enumerate(entries):
        blocks.add(place, one)
    return sorted(block.records for block in blocks.shared())


def test_who_has_something_in_common_is_a_block() -> None:
    same_number = entry(0, "Anna", "+391"), entry(1, "Karl", "+391")
    same_mail = entry(2, "Bea", email="A@example.com"), entry(3, "Cleo", email="a@EXAMPLE.com")
    assert blocks_of(*same_number, *same_mail, entry(4, "Dora", "+394")) == [[0, 1], [2, 3]]


def test_a_slip_in_a_name_does_not_part_colleagues_but_another_company_does() -> None:
    assert blocks_of(entry(0, "Anna Rossi", company="Acme"), entry(1, "Rosi, Anna", company="ACME")) == [[0, 1]]
    assert blocks_of(entry(0, "Anna Rossi", company="Acme"), entry(1, "Anna Rossi", company="Other")) == []
    assert blocks_of(entry(0, "Anna Rossi", town="Roma"), entry(1, "Anna Rossi", town="Roma")) == []


def test_the_number_of_a_block_is_known_and_of_other_blocks_there_is_none() -> None:
    one, other = entry(0, "Anna", "+391", "+392", company="X"), entry(1, "Anna", "+392", company="X")
    blocks = Blocks(BITS)
    blocks.add(0, one)
    blocks.add(1, other)
    assert {block.number_of(one) for block in blocks.shared()} == {"+392", None}


def test_a_great_block_is_not_compared_each_with_each() -> None:
    few = [entry(n, f"N{n:04}") for n in range(MOST_AT_ONCE)]
    assert len(list(pairs_of(few))) == MOST_AT_ONCE * (MOST_AT_ONCE - 1) // 2
    many = [entry(n, f"N{n:04}") for n in range(500)]
    pairs = list(pairs_of(many[::-1]))
    assert len(pairs) <= 500 * NEXT
    assert all(abs(int(one.record) - int(other.record)) <= NEXT for one, other in pairs)


@given(st.lists(st.tuples(st.text(max_size=8), st.sampled_from(["", "+391", "+392"])), max_size=40))
def test_all_who_have_a_key_in_common_are_found_and_nobody_else(given_: list[tuple[str, str]]) -> None:
    entries = [entry(n, name, *([key] if key else [])) for n, (name, key) in enumerate(given_)]
    wanted: dict[tuple[str, str], list[int]] = {}
    for place, one in enumerate(entries):
        for key in block_keys(one):
            wanted.setdefault(key, []).append(place)
    assert blocks_of(*entries) == sorted(records for records in wanted.values() if len(records) > 1)
