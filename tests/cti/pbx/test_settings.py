"""The settings of one PBX: what is allowed, and that the secret stays one."""

from __future__ import annotations

import io
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
        {"port": 0},
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
