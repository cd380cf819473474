"""An address book on Radicale, the real one; and servers that are none."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from crm_bridge.contact import MatchKind, SourceError, SourceRefusedError
from crm_bridge.matching import decide
from tests.crm_bridge.lab.programs import PASSWORD, free_port, lab, running
from tests.crm_bridge.scene import until
from tests.crm_bridge.vendors.crm_server import CrmServer
from tests.crm_bridge.vendors.opened import number, open_kind

BOOK = "/anna/customers/"
MAKE = (
    '<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><set><prop>'
    "<resourcetype><collection/><c:addressbook/></resourcetype><displayname>Customers</displayname></prop></set></mkcol>"
)
CARDS = {
    "a": ("Anna Rossi", "+39 335 123 4567", "02/2100-0199"),
    "b": ("Bruno Verdi", "+390221000100"),
    "c": ("Carla Neri", "02 21000100"),
    "m": ("<script>alert(1)</script> Žofia", "+39 02 2100 0200"),
}


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("radicale"), free_port()
    (folder / "users").write_text(f"anna:{PASSWORD}\n")
    (folder / "config").write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {folder}/users\n"
        f"htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {folder}/data\n"
    )
    command = [lab() / "venv/bin/python", "-m", "radicale", "--config", folder / "config"]
    with running(command, port, folder / "log"):
        yield f"http://127.0.0.1:{port}"


class Owner:
    """Whose address book it is: writes cards as a client does."""

    def __init__(self, url: str) -> None:
        self.url = url
        key = base64.b64encode(f"anna:{PASSWORD}".encode()).decode()
        self.http = aiohttp.ClientSession(headers={"Authorization": f"Basic {key}"})

    async def ask(self, method: str, path: str, body: str = "") -> None:
        headers = {"Content-Type": "text/vcard; charset=utf-8" if method == "PUT" else "application/xml"}
        async with self.http.request(method, self.url + path, data=body.encode(), headers=headers) as reply:
            assert reply.status < 300, (reply.status, await reply.text())

    async def write(self, key: str, name: str, *phones: str) -> None:
        numbers = "".join(f"TEL;TYPE=work:{phone}\r\n" for phone in phones)
        card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{key}\r\nFN:{name}\r\nN:{name};;;;\r\n{numbers}END:VCARD\r\n"
        await self.ask("PUT", f"{BOOK}{key}.vcf", card)


@pytest.fixture
async def owner(radicale: str) -> AsyncIterator[Owner]:
    """With a fresh book of four people."""
    made = Owner(radicale)
    async with made.http.delete(radicale + BOOK) as gone:
        assert gone.status in (200, 204, 404)
    await made.ask("MKCOL", BOOK, MAKE)
    for key, (name, *phones) in CARDS.items():
        await made.write(key, name, *phones)
    yield made
    await made.http.close()


def opened(url: str, **more: Any) -> Any:
    return open_kind("carddav", {"url": url + BOOK, "user": "anna", "password": PASSWORD, **more})


@pytest.fixture
async def book(owner: Owner) -> AsyncIterator[Any]:
    made = opened(owner.url, sync_s=1.0)
    yield made
    await made.close()


async def test_one_is_found_however_he_is_written_there(book: Any) -> None:
    for text in ("+393351234567", "+390221000199"):
        match = decide(number(text), await book.find(number(text)))
        assert match.kind is MatchKind.EXACT
        assert match.contact
        assert match.contact.name == "Anna Rossi"


async def test_none_several_and_a_script(book: Any) -> None:
    assert await book.find(number("+393359999999")) == []
    several = decide(number("+390221000100"), await book.find(number("+390221000100")))
    assert (several.kind, len(several.candidates)) == (MatchKind.AMBIGUOUS, 2)
    [mallory] = await book.find(number("+390221000200"))
    assert mallory.name == "<script>alert(1)</script> Žofia"


async def test_by_name_he_is_found_and_fetched_again(book: Any) -> None:
    [anna] = await book.search("rossi", 5)
    assert await book.get(anna.contact_id) == anna
    assert await book.get("/etc/passwd") is None


async def test_what_changes_there_changes_here(book: Any, owner: Owner) -> None:
    await book.warm()
    await owner.write("n", "Nora Blu", "+393339999999")
    await owner.write("a", "Anna Bianchi", "+39 335 123 4567")
    await owner.ask("DELETE", f"{BOOK}b.vcf")

    found: dict[str, list[str]] = {}

    def caught_up() -> bool:
        book._synced_at = float("-inf")
        return {one.name for one in book._contacts.values()} >= {"Nora Blu", "Anna Bianchi"}

    while not caught_up():
        await book.find(number("+393339999999"))
        await until(lambda: book._syncing.done())
    for text in ("+393339999999", "+393351234567", "+390221000100"):
        found[text] = [one.name for one in await book.find(number(text))]
    assert found == {"+393339999999": ["Nora Blu"], "+393351234567": ["Anna Bianchi"], "+390221000100": ["Carla Neri"]}


async def test_a_wrong_password_is_a_refusal(owner: Owner) -> None:
    book = opened(owner.url, password="wrong")
    with pytest.raises(SourceRefusedError):
        await book.find(number("+393351234567"))
    await book.close()


class NoBook(CrmServer):
    kind = "carddav"

    def routes(self) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("mood", "ref"),
    [
        ("html", "crm-garbage"),
        ("text", "crm-garbage"),
        ("empty", "crm-garbage"),
        ("huge", "crm-huge"),
        ("failed", "crm-failed"),
        ("busy", "crm-busy"),
        ("refused", "crm-refused"),
        ("redirect", "crm-redirect"),
    ],
)
async def test_what_is_no_address_book_is_said_in_one_line(mood: str, ref: str) -> None:
    async with NoBook() as server:
        server.mood, server.elsewhere = mood, "https://elsewhere.example/"
        book = opened(server.url)
        with capture_logs() as logs, pytest.raises(SourceError) as caught:
            await book.find(number("+393351234567"))
        await book.close()
    assert caught.value.ref == ref
    assert [log["event"] for log in logs] == ["an address book cannot be read"]


async def test_while_the_server_is_away_the_book_as_it_was_answers(owner: Owner) -> None:
    book = opened(owner.url)
    await book.warm()
    book.http._base = "http://127.0.0.1:1"
    book._synced_at = float("-inf")
    assert [one.name for one in await book.find(number("+393351234567"))] == ["Anna Rossi"]
    await until(lambda: book._syncing.done())
    assert [one.name for one in await book.find(number("+393351234567"))] == ["Anna Rossi"]
    await book.close()
