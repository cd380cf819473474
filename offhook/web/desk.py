"""``/desk``: the agent's page. It shows who is calling while it rings, and asks who it is where nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from aiohttp import web

from crm_bridge.agent_says import AgentSays
from crm_bridge.call_note import clean_note
from crm_bridge.call_notes import NotesError
from crm_bridge.desk import AgentDesk
from crm_bridge.lookup import Lookup
from crm_bridge.notebook import Notebook
from crm_bridge.pop import Card, DeskId, Phase
from cti.errors import OffhookError
from offhook.web.app import Part
from offhook.web.desk_cookie import COOKIE, MAX_AGE_S, Seat, SeatSigner
from offhook.web.desk_screens import Screens
from offhook.web.security import HEADERS
from offhook.web.sse import HEARTBEAT_S, stream
from offhook.web.templates import TEMPLATES, list_page

#: what an extension may look like; the PBX knows the rest
_EXTENSION: Final = re.compile(r"[0-9A-Za-z_.+*#-]{1,40}")
#: which edit of a note a page sends, by its own count
_EDIT: Final = re.compile(r"[0-9]{1,9}")
#: customers that a search shows
FOUND_AT_MOST: Final = 20


class DeskPages:
    """The routes of the desk. One for the whole program; ``screens`` are the pages that are open."""

    def __init__(
        self,
        desk: AgentDesk,
        lookup: Lookup,
        notebook: Notebook,
        pbxs: Sequence[str],
        secret: bytes,
        *,
        by_https: bool = False,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self.screens = Screens()
        self._desk = desk
        self._lookup = lookup
        self._says = AgentSays(desk, lookup, notebook)
        self._pbxs = tuple(pbxs)
        self._signer = SeatSigner(secret)
        self._by_https = by_https
        self._heartbeat_s = heartbeat_s
        desk.listen(self.screens.changed)

    def add_to(self, app: web.Application) -> None:
        """Add the routes, the entry in the bar, and the end of all streams when the program stops."""
        list_page(app[TEMPLATES], "desk", "/desk", "Desk")
        app.on_shutdown.append(self._shut)
        app.router.add_get("/desk", self.show, name="desk")
        app.router.add_post("/desk/login", self.log_in)
        app.router.add_post("/desk/logout", self.log_out)
        app.router.add_get("/desk/events", self.send_events)
        app.router.add_post("/desk/shown", self.confirm_shown)
        app.router.add_get("/desk/card", self.show_card)
        app.router.add_get("/desk/find", self.find)
        app.router.add_post("/desk/choose", self.choose)
        app.router.add_post("/desk/unchoose", self.unchoose)
        app.router.add_post("/desk/note", self.note)
        app.router.add_post("/desk/done", self.put_away)

    async def show(self, request: web.Request) -> web.Response:
        """The desk, or the choice of an extension."""
        seat = self._seat(request)
        if seat is None:
            return self._choice(request)
        content = self._content(seat.desk, True) | {"opens_crm": self._opens_crm()}
        return _page(request, "desk.html", content, headers=self._pages_headers())

    async def log_in(self, request: web.Request) -> web.Response:
        """Take a desk: the cookie, and on to the page."""
        form = await request.post()
        agent, pbx = str(form.get("agent", "")).strip(), str(form.get("pbx", ""))
        if len(self._pbxs) == 1:
            pbx = self._pbxs[0]
        if pbx not in self._pbxs or not _EXTENSION.fullmatch(agent):
            problem = "Write your extension, like 101." if pbx in self._pbxs else "Choose your telephone system."
            return self._choice(request, problem, agent[:40])
        answer = web.Response(status=303, headers={"Location": "/desk"})
        answer.set_cookie(
            COOKIE,
            self._signer.sign(DeskId(pbx, agent)),
            max_age=MAX_AGE_S,
            path="/desk",
            httponly=True,
            samesite="Strict",
            secure=self._by_https,
        )
        return answer

    async def log_out(self, _: web.Request) -> web.Response:
        """Leave the desk to somebody else."""
        answer = web.Response(status=303, headers={"Location": "/desk"})
        answer.del_cookie(COOKIE, path="/desk")
        return answer

    async def send_events(self, request: web.Request) -> web.StreamResponse:
        """The desk's content each time that it changes, until the page is closed."""
        seat = self._needed_seat(request)
        screen = self.screens.open(seat.desk, seat.browser)
        template = request.app[TEMPLATES].get_template("desk_live.html")

        async def refresh() -> str:
            return template.render(self._content(seat.desk, self.screens.leads(seat.desk, screen)))

        try:
            return await stream(request, screen.outbox, refresh, heartbeat_s=self._heartbeat_s)
        finally:
            self.screens.close(seat.desk, screen)

    async def confirm_shown(self, request: web.Request) -> web.Response:
        """The receipt of a page that painted a pop."""
        seat, form = self._needed_seat(request), await request.post()
        self._desk.confirm_shown(seat.desk, str(form.get("pop", "")))
        return web.Response(status=204)

    async def show_card(self, request: web.Request) -> web.Response:
        """The whole card of one call of this desk, for the panel at the side."""
        ticket = partial(self._signer.sign_call, self._needed_seat(request).desk)
        return _page(request, "desk_past.html", {"card": self._card(request, request.query), "ticket": ticket})

    async def find(self, request: web.Request) -> web.Response:
        """The search for a call's customer; with ``q`` what was found."""
        card, asked = self._card(request, request.query), request.query.get("q")
        behalf = request.query.get("behalf") == "1"
        if asked is None:
            return _page(request, "desk_find.html", {"card": card, "behalf": behalf})
        found, problems = await self._lookup.search(asked[:200], FOUND_AT_MOST) if asked.strip() else ([], [])
        told = {"found": found, "problems": problems, "most": FOUND_AT_MOST}
        return _page(request, "desk_found.html", {"card": card, "asked": asked.strip(), "behalf": behalf, **told})

    async def choose(self, request: web.Request) -> web.Response:
        """The agent says who is calling, or for whom; the answer says what was kept."""
        form = _texts(await request.post())
        seat, card = self._needed_seat(request), self._card(request, form)
        on_behalf = form.get("on_behalf") == "1"
        source, contact_id = form.get("source", ""), form.get("contact", "")
        try:
            contact = await self._says.choose(seat.desk, card.pop_id, source, contact_id, on_behalf=on_behalf)
        except OffhookError as error:
            return _page(request, "desk_chosen.html", {"card": card, "problem": f"{error.what}: {error.hint}"})
        content = {"card": card, "problem": "", "contact": contact, "on_behalf": on_behalf}
        return _page(request, "desk_chosen.html", content)

    async def unchoose(self, request: web.Request) -> web.Response:
        """The agent says that it is somebody else than was chosen for this number."""
        form = _texts(await request.post())
        seat, card = self._needed_seat(request), self._card(request, form)
        try:
            await self._says.unchoose(seat.desk, card.pop_id)
        except OffhookError as error:
            return _page(request, "desk_chosen.html", {"card": card, "problem": f"{error.what}: {error.hint}"})
        return web.Response(text="", content_type="text/html")

    async def note(self, request: web.Request) -> web.Response:
        """Keep what the agent wrote about a call; the answer says since when it is kept, or why it is not."""
        seat, form = self._needed_seat(request), _texts(await request.post())
        call_id = self._signer.read_call(form.get("ticket", ""), seat.desk)
        if call_id is None:
            raise web.HTTPForbidden(text="This call was not on your desk.")
        text = clean_note(form.get("note", ""), form.get("disposition", ""))
        edit = _EDIT.fullmatch(form.get("edit", ""))
        try:
            at = await self._says.note(seat.desk, form.get("pop", ""), call_id, text)
        except OffhookError as error:
            content = {"problem": f"{error.what}: {error.hint}", "again": isinstance(error, NotesError)}
            return _page(request, "desk_noted.html", content)
        return _page(request, "desk_noted.html", {"problem": "", "at": at, "edit": edit[0] if edit else ""})

    async def put_away(self, request: web.Request) -> web.Response:
        """The agent has written what he wanted about the call that has ended."""
        seat, form = self._needed_seat(request), await request.post()
        self._desk.put_away(seat.desk, str(form.get("pop", "")))
        return web.Response(status=204)

    def _content(self, desk: DeskId, leads: bool) -> dict[str, object]:
        """What both the page and each push are made from."""
        view = self._desk.view(desk)
        talking = any(card.phase in (Phase.TALKING, Phase.HELD) for card in view.cards)
        one_pbx = len(self._pbxs) == 1
        shown = {"view": view, "leads": leads, "talking": talking, "one_pbx": one_pbx}
        shown["ticket"] = partial(self._signer.sign_call, desk)
        return {"page": "desk", "beat_s": self._heartbeat_s, **shown}

    def _opens_crm(self) -> bool:
        crm = self._lookup.settings
        return any((crm.pop_url, *(one.pop_url for one in crm.queue.values())))

    def _pages_headers(self) -> dict[str, str]:
        """What the desk may do besides: keep hold of the CRM's tab, and frame the pages of these CRMs."""
        framed = " ".join(self._lookup.settings.frame_origins)
        headers = {"Cross-Origin-Opener-Policy": "same-origin-allow-popups"} if self._opens_crm() else {}
        policy = f"{HEADERS['Content-Security-Policy']}; frame-src {framed}"
        return headers | ({"Content-Security-Policy": policy} if framed else {})

    def _choice(self, request: web.Request, problem: str = "", agent: str = "") -> web.Response:
        agents = [one for one in self._desk.agents() if one.pbx in self._pbxs]
        content = {"page": "desk", "agents": agents, "pbxs": self._pbxs, "problem": problem, "typed": agent}
        return _page(request, "desk_login.html", content, 400 if problem else 200)

    def _seat(self, request: web.Request) -> Seat | None:
        seat = self._signer.read(request.cookies.get(COOKIE))
        return seat if seat is not None and seat.pbx in self._pbxs else None

    def _needed_seat(self, request: web.Request) -> Seat:
        seat = self._seat(request)
        if seat is None:
            raise web.HTTPForbidden(text="Choose your extension on /desk first.")
        return seat

    def _card(self, request: web.Request, asked: Mapping[str, str]) -> Card:
        """The card of the call that is asked about; it has to be on this desk."""
        card = self._desk.card(self._needed_seat(request).desk, asked.get("pop", ""))
        if card is None:
            raise web.HTTPNotFound(text="This call is no longer on your desk.")
        return card

    async def _shut(self, _: web.Application) -> None:
        self.screens.close_all()


def _texts(form: Mapping[str, object]) -> dict[str, str]:
    """The fields of a form that are text."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def desk_pages(pages: DeskPages) -> Part:
    """The desk as a part of the application."""
    return pages.add_to


def _page(
    request: web.Request,
    template: str,
    content: Mapping[str, object],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    text = request.app[TEMPLATES].get_template(template).render(content)
    all_headers = {"Cache-Control": "no-store", **(headers or {})}
    return web.Response(text=text, status=status, content_type="text/html", headers=all_headers)
