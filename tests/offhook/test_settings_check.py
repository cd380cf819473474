"""Wrong settings of every kind, and the words an admin reads about them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, inspect

from cti.errors import OffhookError
from offhook.settings_check import describe, find_problems, nearest


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Door(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65535)] = 80
    wait_s: Annotated[float, Meta(gt=0)] = 1.0
    open: bool = True
    kind: Literal["in", "out"] = "in"
    colour: Colour = Colour.RED
    code: Annotated[str, Meta(pattern="^[A-Z]{2}$")] = "IT"
    secret: Annotated[str, Meta(min_length=8)] | None = None
    secret_file: str | None = None
    tags: tuple[str, ...] = ()
    notes: dict[str, int] = {}

    def __post_init__(self) -> None:
        if self.name == "trap":
            raise ValueError("this door is a trap")
        if self.name == "locked":
            raise OffhookError("door-locked", "the door is locked", "", "use the key")


class House(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    door: list[Door] = []
    main: Door | None = None


def told(raw: object) -> list[str]:
    return [str(problem) for problem in find_problems(House, raw)]


def of_door(**values: Any) -> list[str]:
    return told({"door": [{"name": "front", **values}]})


def test_nothing_is_said_about_right_settings() -> None:
    assert of_door(port=1, wait_s=2, kind="out", colour="blue", tags=["a"], notes={"n": 1}, secret="12345678") == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"prot": 5}, "door[0].prot: unknown key (did you mean port?) [config-unknown-key]"),
        ({"port": "80"}, 'door[0].port: expected a whole number from 1 to 65535, got "80" [config-bad-type]'),
        ({"port": 0}, "door[0].port: expected a whole number from 1 to 65535, got 0 [config-bad-type]"),
        ({"port": True}, "door[0].port: expected a whole number from 1 to 65535, got true [config-bad-type]"),
        ({"wait_s": 0}, "door[0].wait_s: expected a number above 0, got 0 [config-bad-type]"),
        ({"open": 1}, "door[0].open: expected true or false, got 1 [config-bad-type]"),
        ({"kind": "up"}, 'door[0].kind: expected one of: in, out, got "up" [config-bad-type]'),
        ({"colour": "rde"}, 'door[0].colour: expected one of: red, blue, got "rde" [config-bad-type]'),
        ({"code": "it"}, 'door[0].code: expected text that matches ^[A-Z]{2}$, got "it" [config-bad-type]'),
        ({"name": ""}, 'door[0].name: expected text that is not empty, got "" [config-bad-type]'),
        ({"tags": "a"}, 'door[0].tags: expected a list of text, got "a" [config-bad-type]'),
        ({"tags": ["a", 2]}, "door[0].tags[1]: expected text, got 2 [config-bad-type]"),
        ({"notes": {"n": "x"}}, 'door[0].notes.n: expected a whole number, got "x" [config-bad-type]'),
        ({"name": "trap"}, "door[0]: this door is a trap [config-bad-value]"),
        ({"name": "locked"}, "door[0]: the door is locked: use the key [door-locked]"),
    ],
)
def test_one_problem_is_told_with_its_path(values: dict[str, Any], expected: str) -> None:
    assert of_door(**values) == [expected]


def test_all_problems_are_told_at_once() -> None:
    found = told({"door": [{"prot": 1, "open": "yes"}, {"name": "b", "wait_s": "fast"}], "mian": {}})
    assert [line.partition(":")[0] for line in found] == [
        "mian",
        "door[0].prot",
        "door[0].name",
        "door[0].open",
        "door[1].wait_s",
    ]


def test_a_fault_in_a_part_hides_none_of_the_whole() -> None:
    found = told({"door": [{"name": "trap", "prot": 1}, {"name": "trap", "port": "x"}], "main": {"name": "trap"}})
    assert [line.rpartition(" ")[0] for line in found] == [
        "door[0].prot: unknown key (did you mean port?)",
        "door[0]: this door is a trap",
        'door[1].port: expected a whole number from 1 to 65535, got "x"',
        "main: this door is a trap",
    ]


def test_a_table_written_with_single_brackets_is_explained() -> None:
    assert told({"door": {"name": "front"}}) == [
        "door: expected a list of tables, got a table (write it with double brackets: [[door]]) [config-bad-type]"
    ]


def test_a_secret_is_never_shown_back() -> None:
    [line] = of_door(secret="hunter2")
    assert "hunter2" not in line
    assert line == "door[0].secret: expected text of 8 characters or more (the value is not shown) [config-bad-type]"
    assert "99" not in of_door(secret=99)[0]


def test_a_struct_that_may_be_left_out_is_checked_too() -> None:
    assert told({"main": {"name": "m", "prot": 1}}) == [
        "main.prot: unknown key (did you mean port?) [config-unknown-key]"
    ]
    assert told({"main": 5}) == ["main: expected a table, got 5 [config-bad-type]"]


def test_a_hostile_value_is_cut_and_made_printable() -> None:
    [line] = of_door(kind="\x1b[2J" + "x" * 500)
    assert "\x1b" not in line
    assert len(line) < 150


def test_a_key_with_nothing_near_names_what_is_known() -> None:
    assert nearest("zzzzz", ["port", "host"]) == "known here: host, port"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (int, "a whole number"),
        (Annotated[int, Meta(ge=0)], "a whole number of 0 or more"),
        (Annotated[float, Meta(gt=0, le=10)], "a number from above 0 to 10"),
        (Annotated[int, Meta(le=9)], "a whole number of 9 or less"),
        (str | None, "text"),
        (list[str], "a list of text"),
        (dict[str, int], "a table"),
        (bool, "true or false"),
    ],
)
def test_types_are_told_in_words(kind: Any, expected: str) -> None:
    assert describe(inspect.type_info(kind)) == expected


def whole_hour(text: str) -> int:
    if not text.endswith(":00"):
        raise ValueError(f"{text} is no whole hour")
    return int(text[:-3])


class Shop(msgspec.Struct):
    opens: Annotated[str, Meta(extra={"parse": whole_hour})] = "9:00"
    breaks: tuple[Annotated[str, Meta(extra={"parse": whole_hour})], ...] | None = None


def test_a_text_that_something_has_to_read_is_read_at_its_place() -> None:
    wrong = {"opens": "9:30", "breaks": ["12:00", "15:10"]}
    assert [str(one) for one in find_problems(Shop, wrong)] == [
        "opens: 9:30 is no whole hour [config-bad-value]",
        "breaks[1]: 15:10 is no whole hour [config-bad-value]",
    ]
    assert find_problems(Shop, {"opens": "9:00", "breaks": []}) == []
