"""The default driver: an asyncio connection and nothing else."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

from cti.conversation import Conversation, Transport
from cti.pbx.settings import PbxSettings


class Driver:
    """Connects by asyncio's own streams of bytes."""

    def __init__(self, settings: PbxSettings) -> None:
        self._host, self._port = settings.host, settings.port

    async def connect(self, conversation: Conversation, tls: ssl.SSLContext | None) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: _Socket(conversation), self._host, self._port, ssl=tls)

    def logged_in(self) -> None:
        """Nobody here needs to know."""


class _Socket(asyncio.Protocol):
    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._conversation.attach(cast("Transport", transport))

    def data_received(self, data: bytes) -> None:
        self._conversation.read(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._conversation.gone(exc)
