"""A webhook's receiver on loopback: it verifies signatures with the specification's own library."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from aiohttp import web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook as Verifier

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="


class Got(NamedTuple):
    """A message that was verified: its id, and what stood in it."""

    message_id: str
    body: dict[str, Any]


class Receiver:
    """Answers with the next of ``statuses``, then with 200. ``got`` is what it took, ``asked`` counts all requests."""

    def __init__(self, secret: str = SECRET) -> None:
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.gate: asyncio.Event | None = None
        self.got: list[Got] = []
        self.asked = 0
        self.paths: list[str] = []
        self._verifier = Verifier(secret)
        self._server: TestServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return str(self._server.make_url("/hooks/calls?key=k1"))

    async def __aenter__(self) -> Receiver:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._server = TestServer(app)
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        if self.gate is not None:
            self.gate.set()
        await self._server.close()

    async def _take(self, request: web.Request) -> web.Response:
        self.asked += 1
        self.paths.append(f"{request.method} {request.path_qs}")
        body = await request.read()
        verified = self._verifier.verify(body, dict(request.headers.items()))
        if self.gate is not None:
            await self.gate.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        if 200 <= status < 300:
            self.got.append(Got(request.headers["webhook-id"], verified))
        return web.Response(status=status, text="a secret answer", headers=self.headers)
