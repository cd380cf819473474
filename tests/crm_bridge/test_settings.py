"""What an admin may set about callers, and what he is told when it is wrong."""

from __future__ import annotations

import msgspec
import pytest

from crm_bridge.settings import CrmSettings, SourceSettings


def test_nothing_has_to_be_set() -> None:
    settings = CrmSettings()
    assert (settings.default_region, settings.lookup_deadline_s) == ("IT", 0.8)
    assert [source.kind for source in settings.sources] == ["book"]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"default_region": "XX"}, "country like"),
        ({"default_region": "it"}, "country like"),
        ({"lookup_deadline_s": 0}, ">"),
        ({"lookup_deadline_s": 5.0, "lookup_give_up_s": 1.0}, "less than"),
        ({"dial_prefixes": ["+9"]}, "digits only"),
        ({"sources": [{"name": "a"}, {"name": "a"}]}, "same name"),
        ({"sources": [{"kind": "../etc"}]}, "regex"),
        ({"deadline": 1}, "unknown field"),
        ({"pop_url": "javascript:alert('{e164}')"}, "an address like"),
        ({"queue": {"sales": {"pop_url": "https://crm.example.com/{phone}"}}}, "no value is called"),
        ({"frame_origins": ["https://crm.example.com/path"]}, "expected an origin"),
    ],
)
def test_a_wrong_value_is_refused_in_words(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(wrong, CrmSettings)


def test_every_setting_says_what_it_is() -> None:
    for struct in (CrmSettings, SourceSettings):
        described = [field.type for field in msgspec.inspect.type_info(struct).fields]  # type: ignore[union-attr]
        assert all(
            isinstance(kind, msgspec.inspect.Metadata) and (kind.extra_json_schema or {}).get("description")
            for kind in described
        )
