"""The link through TLS: whom it trusts, and what it says of whom it does not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from cti.link import LinkError, tls_context
from tests.cti.link_contract import until, watching
from tests.cti.scripted_pbx import ScriptedPbx, make_certificate, pause_event, server_tls
from tests.cti.scripted_peer import error_of, settings_for


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def test_tls(certificate: tuple[Path, Path], driver: str) -> None:
    async with ScriptedPbx(server_tls(*certificate)) as pbx:
        settings = settings_for(pbx.port, driver, tls=True, tls_ca_file=str(certificate[0]))
        async with watching(settings) as watch:
            await watch.up()
            await pbx.send(pause_event("Ž"), 1)
            await until(lambda: watch.reasons() == ["Ž"])
        async with watching(settings_for(pbx.port, driver, tls=True, tls_verify=False)) as watch:
            await watch.up()


async def test_a_certificate_that_nobody_trusts(certificate: tuple[Path, Path], driver: str) -> None:
    async with ScriptedPbx(server_tls(*certificate)) as pbx:
        error = await error_of(settings_for(pbx.port, driver, tls=True))
        assert error.ref == "link-tls-certificate"
        assert "self-signed" in error.why
        assert "tls_ca_file" in error.hint
        named = settings_for(pbx.port, driver, host="localhost", tls=True, tls_ca_file=str(certificate[0]))
        error = await error_of(named)
        assert (error.ref, "localhost" in error.why) == ("link-tls-certificate", True)
    assert pbx.raw == b""


async def test_tls_to_a_port_that_speaks_none(pbx: ScriptedPbx, driver: str) -> None:
    error = await error_of(settings_for(pbx.port, driver, tls=True))
    assert error.ref == "link-tls"
    assert "tls = false" in error.hint


async def test_no_tls_to_a_port_that_speaks_it(certificate: tuple[Path, Path], driver: str) -> None:
    async with ScriptedPbx(server_tls(*certificate)) as pbx:
        error = await error_of(settings_for(pbx.port, driver, connect_timeout_s=0.2))
    assert error.ref == "link-no-greeting"
    assert "tls = true" in error.hint


def test_a_ca_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LinkError, match=r"none\.pem.*link-tls-ca-file"):
        tls_context(settings_for(5039, tls=True, tls_ca_file=str(tmp_path / "none.pem")))
    (tmp_path / "bad.pem").write_text("not PEM")
    with pytest.raises(LinkError, match=r"bad\.pem"):
        tls_context(settings_for(5039, tls=True, tls_ca_file=str(tmp_path / "bad.pem")))


def test_tls_checks_certificate_and_name_unless_told_not_to() -> None:
    checked = tls_context(settings_for(5039, tls=True))
    trusting = tls_context(settings_for(5039, tls=True, tls_verify=False))
    assert checked is not None
    assert trusting is not None
    assert (checked.verify_mode, checked.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (trusting.verify_mode, trusting.check_hostname) == (ssl.CERT_NONE, False)
    assert tls_context(settings_for(5038)) is None
