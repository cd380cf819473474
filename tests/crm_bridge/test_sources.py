"""Sources found by the name of their adapter."""

from __future__ import annotations

import importlib
import pkgutil

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from crm_bridge import adapters
from crm_bridge.book import CustomerBook
from crm_bridge.settings import CrmSettings, SourceSettings
from crm_bridge.sources import find_kind, known_kinds, open_sources
from cti.errors import OffhookError


async def test_the_configured_sources_are_opened_in_their_order(engine: AsyncEngine) -> None:
    settings = CrmSettings(sources=(SourceSettings(name="b"), SourceSettings(name="a")))
    opened = open_sources(settings, engine)
    assert list(opened) == ["b", "a"]
    assert all(isinstance(source, CustomerBook) for source in opened.values())


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(OffhookError, match="did you mean 'book'") as caught:
        find_kind("bok")
    assert caught.value.ref == "crm-unknown-kind"
    with pytest.raises(OffhookError, match=r"there is .*book"):
        find_kind("zzzzzz")


async def test_options_that_the_adapter_does_not_take_are_refused(engine: AsyncEngine) -> None:
    settings = CrmSettings(sources=(SourceSettings(name="mine", options={"url": "x"}),))
    with pytest.raises(OffhookError, match="'mine'"):
        open_sources(settings, engine)


async def test_calls_for_a_kind_that_only_reads_are_a_fault_of_the_settings(engine: AsyncEngine) -> None:
    settings = CrmSettings(sources=(SourceSettings(name="mine", write_calls=True),))
    with pytest.raises(OffhookError, match=r"'mine'.*'book' only reads") as caught:
        open_sources(settings, engine)
    assert caught.value.ref == "crm-cannot-write"


@pytest.mark.parametrize("kind", [info.name for info in pkgutil.iter_modules(adapters.__path__)])
def test_each_file_of_adapters_is_an_adapter_and_says_what_it_needs(kind: str) -> None:
    module = importlib.import_module(known_kinds()[kind])
    assert issubclass(module.Options, msgspec.Struct)
    assert callable(module.open_adapter)
    assert "permission" in (module.__doc__ or "")
