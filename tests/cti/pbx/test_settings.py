"""The settings of one PBX: what is allowed, and that the secret stays one."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from cti.errors import OffhookError
from cti.pbx.settings import PbxSettings, fetch_secret


def convert(**fields: Any) -> PbxSettings:
    return msgspec.convert({"name": "hq", "username": "offhook", **fields}, PbxSettings)


def test_name_and_user_are_enough() -> None:
    settings = convert()
    assert (settings.kind, settings.driver, settings.host, settings.port) == ("asterisk", "native", "127.0.0.1", 5038)
    assert (settings.tls, settings.tls_verify, settings.trunks) == (False, True, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "-hq"},
        {"name": 'h"q'},
        {"name": "x" * 64},
        {"username": ""},
        {"host": ""},
        {"port": -1},
        {"username": None},
        {"port": 65536},
        {"driver": "../evil"},
        {"kind": "os.path"},
        {"keepalive_s": 0},
        {"keepalive_deadline_s": -1},
        {"connect_timeout_s": 3601},
        {"backoff_first_s": 31},
        {"max_frame_bytes": 100},
        {"trunks": [""]},
        {"secret": "a", "secret_file": "b"},
        {"unknown": 1},
    ],
    ids=str,
)
def test_nonsense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert(**fields)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"username": ""}, "Expected `str` of length >= 1"),
        (
            {"driver": "python-esl"},
            'driver: "python-esl" does not read a PBX of kind "asterisk", but native, panoramisk',
        ),
        ({"kind": "freeswitch", "driver": "panoramisk"}, '"panoramisk" does not read a PBX of kind "freeswitch"'),
        ({"kind": "freeswitch", "logs": {"cel": "x"}}, 'logs: a PBX of kind "freeswitch" writes no cel, but cdr_csv'),
        ({"kind": "freeswitch", "driver": "python-esl", "tls": True}, "tls: python-ESL speaks none"),
        ({"kind": "freeswitch", "driver": "panoramisk", "logs": {"cdr": "x"}}, "native, python-esl; logs: a PBX"),
        ({"logs": {"json_cdr": "x", "xml_cdr": "y"}}, "writes no json_cdr and no xml_cdr, but queue_log, cdr, cel"),
    ],
)
def test_what_does_not_fit_the_kind_of_pbx_is_said(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=re.escape(problem)):
        convert(**fields)


def test_an_asterisk_needs_a_user_and_a_freeswitch_none() -> None:
    with pytest.raises(msgspec.ValidationError, match="username: is missing"):
        msgspec.convert({"name": "hq"}, PbxSettings)
    settings = msgspec.convert({"name": "hq", "kind": "freeswitch", "secret": "x"}, PbxSettings)
    assert (settings.port, settings.username, settings.secret) == (8021, "", "x")
    assert msgspec.structs.replace(settings, port=8022).port == 8022


def test_every_setting_is_described() -> None:
    kind = msgspec.inspect.type_info(PbxSettings)
    assert isinstance(kind, msgspec.inspect.StructType)
    described = {
        field.name
        for field in kind.fields
        if isinstance(field.type, msgspec.inspect.Metadata) and (field.type.extra_json_schema or {}).get("description")
    }
    assert described == set(PbxSettings.__struct_fields__)


def test_the_secret_is_never_shown() -> None:
    settings = convert(secret="correct horse")
    page = io.StringIO()
    Console(file=page).print(settings)
    for shown in (repr(settings), str(settings), f"{settings}", page.getvalue()):
        assert "correct" not in shown
        assert "***" in shown
    assert "secret=None" in repr(convert())


def test_the_secret_comes_from_the_settings_or_the_first_line_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from the file \nand a remark\n")
    assert fetch_secret(convert(secret="given")) == "given"
    assert fetch_secret(convert(secret_file=str(path))) == "from the file"


def test_a_secret_that_cannot_be_read_says_which(tmp_path: Path) -> None:
    with pytest.raises(OffhookError, match=r"none: No such file.*link-secret-file"):
        fetch_secret(convert(secret_file=str(tmp_path / "none")))
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(OffhookError, match=r"binary: UnicodeDecodeError"):
        fetch_secret(convert(secret_file=str(tmp_path / "binary")))
    with pytest.raises(OffhookError, match=r"'hq' has no secret.*link-no-secret"):
        fetch_secret(convert())


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("https://pbx/rec/{callid}.wav", r"no value is called \{callid\}; there is call_id,"),
        ("javascript:alert('{call_id}')", "expected an address like https"),
        ("https://{pbx}/rec/{call_id}.wav", "expected an address like https"),
        ("https://pbx/rec/a b.wav", "expected an address like https"),
    ],
)
def test_an_address_of_recordings_that_cannot_be_one_is_refused(address: str, why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"recording_url: {why}"):
        convert(recording_url=address)
    assert convert(recording_url="http://pbx:8080/{year}/{call_id}.wav?q={queue}").recording_url
