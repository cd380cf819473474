"""The options of adapters: checked, their secrets read from where they may stand, never shown."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from crm_bridge.options import AdapterOptions, HttpOptions, need_secret, parse_options
from crm_bridge.settings import SourceSettings
from cti.errors import OffhookError


class Options(HttpOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: str | None = None
    token_file: str | None = None


def source(**options: object) -> SourceSettings:
    return SourceSettings(name="sales-1", kind="odoo", options={"url": "https://crm.example.com", **options})


def test_options_are_checked_against_what_the_adapter_takes() -> None:
    assert parse_options(source(), Options, Path(), {}).url == "https://crm.example.com"
    with pytest.raises(OffhookError, match="crm-options") as caught:
        parse_options(source(uri="x"), Options, Path(), {})
    assert "'sales-1'" in caught.value.what
    assert "url" in caught.value.hint


def test_a_secret_is_read_from_its_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "crm.secret").write_text("s3cret\nsecond line\n")
    assert parse_options(source(token_file="crm.secret"), Options, tmp_path, {}).token == "s3cret"
    with pytest.raises(OffhookError, match="cannot be read"):
        parse_options(source(token_file="missing"), Options, tmp_path, {})
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(OffhookError, match="is empty"):
        parse_options(source(token_file="empty"), Options, tmp_path, {})


def test_the_environment_wins_over_file_and_value(tmp_path: Path) -> None:
    environ = {"OFFHOOK_CRM_SALES_1_TOKEN": "from environment"}
    for given in ({}, {"token": "x"}, {"token_file": "missing"}):
        assert parse_options(source(**given), Options, tmp_path, environ).token == "from environment"


def test_a_file_that_is_no_secret_is_taken_from_the_settings_folder(tmp_path: Path) -> None:
    assert parse_options(source(ca_file="ca.pem"), Options, tmp_path, {}).ca_file == str(tmp_path / "ca.pem")


def test_a_secret_that_is_not_set_names_where_it_may_stand() -> None:
    options = parse_options(source(), Options, Path(), {})
    with pytest.raises(OffhookError, match="lack token") as caught:
        need_secret("sales-1", options, "token")
    assert "OFFHOOK_CRM_SALES_1_TOKEN" in caught.value.hint
    need_secret("sales-1", msgspec.structs.replace(options, token="x"), "token")


def test_options_are_never_shown() -> None:
    options = parse_options(source(token="s3cret"), Options, Path(), {})
    assert "s3cret" not in repr(options)
    assert "token" in repr(options)
    assert issubclass(HttpOptions, AdapterOptions)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("crm.example.com", "an address like"),
        ("ftp://crm.example.com", "an address like"),
        ("https://", "an address like"),
        ("https://[", "an address like"),
        ("https://user:secret@crm.example.com", "leave user and password out"),
        ("https://crm.example.com/?x=1", "leave out what follows"),
        ("http://crm.example.com", "shows secret and customers"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(url: str, words: str) -> None:
    with pytest.raises(OffhookError, match=words) as caught:
        parse_options(source(url=url), Options, Path(), {})
    assert "secret@" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8069", "http://localhost", "http://[::1]:80"])
def test_this_machine_may_be_asked_without_tls(url: str) -> None:
    assert parse_options(source(url=url), Options, Path(), {}).url == url


def test_another_may_be_asked_without_tls_when_the_admin_says_so() -> None:
    given = {"url": "http://crm.lan", "plain_http": True}
    assert parse_options(source(**given), Options, Path(), {}).url == "http://crm.lan"
