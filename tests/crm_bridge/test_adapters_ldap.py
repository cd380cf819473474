"""A directory: OpenLDAP's slapd, the real one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_bridge.adapters.ldap import escape
from crm_bridge.contact import MatchKind, SourceError, SourceRefusedError
from crm_bridge.matching import decide
from cti.errors import OffhookError
from tests.crm_bridge.lab.programs import free_port, running
from tests.crm_bridge.vendors.opened import number, open_kind

BASE, ADMIN = "dc=example,dc=com", "cn=admin,dc=example,dc=com"
CONFIG = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "{base}"
rootdn "{admin}"
rootpw s3cret
directory {folder}
access to * by dn.exact="{admin}" read by anonymous auth
"""
PEOPLE = """dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: uid=anna,dc=example,dc=com
objectClass: inetOrgPerson
uid: anna
cn: Anna Rossi
sn: Rossi
o: Rossi Srl
mail: anna@example.com
telephoneNumber: +39 335 123 4567
telephoneNumber: 02 2100-0199

dn: uid=bruno,dc=example,dc=com
objectClass: inetOrgPerson
uid: bruno
cn: Bruno Verdi
sn: Verdi
homePhone: +390221000100

dn: uid=carla,dc=example,dc=com
objectClass: inetOrgPerson
uid: carla
cn: Carla Neri
sn: Neri
mobile: 02/21000100

dn: uid=mallory,dc=example,dc=com
objectClass: inetOrgPerson
uid: mallory
cn: <script>alert(1)</script>
sn: M
telephoneNumber: +39 02 21000200
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("slapd"), free_port()
    config, people = folder / "slapd.conf", folder / "people.ldif"
    (folder / "data").mkdir()
    config.write_text(CONFIG.format(base=BASE, admin=ADMIN, folder=folder / "data"))
    people.write_text(PEOPLE)
    subprocess.run(["/usr/sbin/slapadd", "-f", config, "-l", people], check=True, capture_output=True)
    command: list[str | Path] = ["/usr/sbin/slapd", "-f", config, "-h", f"ldap://127.0.0.1:{port}/", "-d", "0"]
    with running(command, port, folder / "log"):
        yield f"ldap://127.0.0.1:{port}"


def opened(url: str, **more: Any) -> Any:
    return open_kind("ldap", {"url": url, "base": BASE, "bind_dn": ADMIN, "password": "s3cret", **more})


async def test_one_is_found_however_he_is_written_there(url: str) -> None:
    for text in ("+393351234567", "+390221000199"):
        match = decide(number(text), await opened(url).find(number(text)))
        assert match.kind is MatchKind.EXACT
        assert match.contact
        assert (match.contact.name, match.contact.company, match.contact.email) == (
            "Anna Rossi",
            "Rossi Srl",
            "anna@example.com",
        )


async def test_none_several_and_a_script(url: str) -> None:
    directory = opened(url)
    assert await directory.find(number("+393359999999")) == []
    assert await directory.find(number("101")) == []
    several = decide(number("+390221000100"), await directory.find(number("+390221000100")))
    assert (several.kind, len(several.candidates)) == (MatchKind.AMBIGUOUS, 2)
    [mallory] = await directory.find(number("+390221000200"))
    assert mallory.name == "<script>alert(1)</script>"


async def test_by_name_he_is_found_and_fetched_again(url: str) -> None:
    directory = opened(url)
    [anna] = await directory.search("rossi", 5)
    assert anna.contact_id == "uid=anna,dc=example,dc=com"
    assert await directory.get(anna.contact_id) == anna
    assert await directory.get("uid=nobody,dc=example,dc=com") is None
    assert await directory.get("cn=config") is None
    assert await directory.search("*)(uid=*", 5) == []


async def test_a_wrong_password_is_a_refusal_and_so_is_who_may_not_search(url: str) -> None:
    with pytest.raises(SourceRefusedError) as caught:
        await opened(url, password="wrong").find(number("+393351234567"))
    assert "wrong" not in str(caught.value)
    with pytest.raises(SourceRefusedError):
        await opened(url, bind_dn="", password=None).search("rossi", 5)


async def test_a_directory_that_is_not_there(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        await opened(f"ldap://127.0.0.1:{free_port()}").find(number("+393351234567"))
    assert caught.value.ref == "crm-unreachable"


async def test_a_base_or_a_filter_that_does_not_fit_is_said(url: str) -> None:
    for wrong in ({"base": "no name"}, {"base": "dc=elsewhere"}, {"people": "((x)"}):
        with pytest.raises(SourceError) as caught:
            await opened(url, **wrong).find(number("+393351234567"))
        assert caught.value.ref == "crm-failed"
        assert "335" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "https://x"}, "expected an address like ldaps"),
        ({"url": "ldap://ldap.example.com"}, "shows password and people"),
        ({"people": "objectClass=person"}, "expected a filter"),
    ],
)
def test_what_cannot_be_meant_is_refused(options: dict[str, str], words: str) -> None:
    with pytest.raises(OffhookError, match=words):
        opened("ldaps://ldap.example.com", **options) if "url" not in options else opened(**options)


def test_a_value_in_a_filter_is_nothing_but_a_value() -> None:
    assert escape("a*)(uid=*\\\0") == "a\\2a\\29\\28uid=\\2a\\5c\\00"
