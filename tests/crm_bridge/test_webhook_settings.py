"""What an admin may write about webhooks."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from crm_bridge.webhook_settings import OutboxSettings, WebhookEvent, WebhookSettings, http_options, path_of
from tests.crm_bridge.receiver import SECRET


def convert(**fields: Any) -> WebhookSettings:
    return msgspec.convert({"name": "site", "url": "https://example.com/hook", **fields}, WebhookSettings)


def test_a_name_and_an_address_are_enough() -> None:
    settings = convert()
    assert settings.events == (WebhookEvent.ENDED,)
    assert settings.numbers
    assert OutboxSettings().give_up_after_days > 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/x", "expected an address like https"),
        ("javascript:alert(1)", "expected an address like https"),
        ("https://", "expected an address like https"),
        ("https://user:pass@example.com/x", "leave user and password out"),
        ("http://example.com/x", "use https, or set plain_http"),
        ("https://example.com/x#y", "expected an address like https"),
        ("https://example.com/a b", "expected an address like https"),
        ("https://example.com/\r\nX: y", "expected an address like https"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url: str, why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        convert(url=url)


def test_http_is_for_this_machine_or_for_who_asks_for_it() -> None:
    assert convert(url="http://127.0.0.1:8000/x").url
    assert convert(url="http://example.com/x", plain_http=True).plain_http


def test_what_follows_the_host_is_the_path() -> None:
    settings = convert(url="https://example.com:8443/hooks/calls?key=k1")
    assert (http_options(settings).url, path_of(settings.url)) == ("https://example.com:8443", "/hooks/calls?key=k1")
    assert path_of("https://example.com") == "/"


def test_neither_secret_nor_key_is_shown() -> None:
    settings = convert(url="https://example.com/hook?key=k1", secret=SECRET)
    assert "k1" not in repr(settings)
    assert SECRET not in repr(settings)
    with pytest.raises(msgspec.ValidationError, match="secret: a secret begins with whsec_") as caught:
        convert(secret="correct-horse-battery")
    assert "correct" not in str(caught.value)


def test_only_known_events_can_be_asked_for() -> None:
    with pytest.raises(msgspec.ValidationError, match=r"call\.rang"):
        convert(events=["call.rang"])
