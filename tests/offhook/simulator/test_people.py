"""Fictional people and numbers."""

from __future__ import annotations

import random
from itertools import islice

import phonenumbers
import pytest

from cti.model import Party
from offhook.simulator.people import AGENTS, HOSTILE_NAMES, NUMBER_PLANS, Public, name, numbers


def test_numbers_are_different_and_could_be_dialled() -> None:
    made = list(islice(numbers(random.Random(1)), 2000))
    assert len(set(made)) == 2000
    assert all(phonenumbers.is_possible_number(phonenumbers.parse(number)) for number in made)


@pytest.mark.parametrize(
    ("beginning", "digits"), [(beginning, digits) for beginnings, digits in NUMBER_PLANS for beginning in beginnings]
)
def test_numbers_of_every_range_are_real_in_form(beginning: str, digits: int) -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(beginning + "7" * digits))


def test_one_seed_gives_one_list() -> None:
    assert list(islice(numbers(random.Random(7)), 50)) == list(islice(numbers(random.Random(7)), 50))


def test_when_all_numbers_are_used_they_come_again() -> None:
    assert len(list(islice(numbers(random.Random(1)), 12_000))) == 12_000


def test_names_are_of_many_scripts() -> None:
    rng = random.Random(1)
    made = "".join(name(rng) for _ in range(400))
    assert all(mark in made for mark in ("ž", "'", "王", "р", "κ"))


def test_twenty_agents() -> None:
    assert list(AGENTS) == [str(number) for number in range(101, 121)]
    assert len(set(AGENTS.values())) == 20


def test_callers_are_known_strange_hidden_and_the_same_again() -> None:
    known = [Party("+442079460001", "Mary Smith")]
    made = Public(random.Random(2), known)
    callers = [made.caller() for _ in range(3000)]
    numbers_seen = [caller.number for caller in callers]
    assert numbers_seen.count(known[0].number) > 1500
    assert numbers_seen.count("anonymous") > 80
    assert len(set(numbers_seen)) < 800
    assert {caller.name for caller in callers} & set(HOSTILE_NAMES)
    assert made.known() == known[0]


def test_without_a_book_everybody_is_a_stranger() -> None:
    made = Public(random.Random(3), [])
    assert made.called().startswith("+")
    assert all(made.caller().number for _ in range(50))
