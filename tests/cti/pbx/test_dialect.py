"""What stands in for a dialect is one: the parts the link uses are there, with the shapes it expects."""

from __future__ import annotations

import inspect

import pytest

from cti.pbx import dialect
from cti.pbx.asterisk import AsteriskDialect
from cti.pbx.dialect import Action
from cti.pbx.freeswitch import FreeswitchDialect
from cti.pbx.settings import PbxSettings
from cti.wire.ami import AmiFrame, AmiWire
from cti.wire.esl import EslFrame, EslWire

PAIRS = [
    (dialect.Dialect, AsteriskDialect(PbxSettings(name="hq", username="x"))),
    (dialect.Wire, AmiWire()),
    (dialect.Frame, AmiFrame("", 0, b"")),
    (dialect.Dialect, FreeswitchDialect(PbxSettings(name="hq", kind="freeswitch", username="x"))),
    (dialect.Wire, EslWire()),
    (dialect.Frame, EslFrame("", 0, b"", 0, 0, coded=False)),
]


@pytest.mark.parametrize(("protocol", "thing"), PAIRS, ids=lambda one: getattr(one, "__name__", ""))
def test_it_has_every_part_of_the_protocol(protocol: type, thing: object) -> None:
    own = {name for name in {*vars(protocol), *inspect.get_annotations(protocol)} if not name.startswith("_")}
    assert len(own) > 4
    assert {name for name in own if not hasattr(thing, name)} == set()


@pytest.mark.parametrize(("protocol", "thing"), PAIRS, ids=lambda one: getattr(one, "__name__", ""))
def test_its_methods_take_what_the_protocol_says(protocol: type, thing: object) -> None:
    methods = {name: one for name, one in vars(protocol).items() if inspect.isfunction(one) and name[0] != "_"}
    for name, method in methods.items():
        expected = list(inspect.signature(method).parameters)[1:]
        assert list(inspect.signature(getattr(thing, name)).parameters) == expected


def test_an_action_is_a_name_and_fields_in_order() -> None:
    action = Action("Originate", (("Variable", "a"), ("Variable", "b")))
    assert (action.name, [value for _, value in action.fields]) == ("Originate", ["a", "b"])
    with pytest.raises(AttributeError):
        action.name = "Hangup"  # type: ignore[misc]
