"""The signature of a webhook as the Standard Webhooks specification 1.0 has it: v1, HMAC-SHA256."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
#: bytes of a secret, by the specification
LEAST_BYTES: Final = 24
MOST_BYTES: Final = 64


def parse_secrets(text: str) -> tuple[bytes, ...]:
    """The secrets in ``text``: each ``whsec_`` and base64, several with blanks between them, the newest first.

    Raises ValueError, which never holds a secret.
    """
    secrets = tuple(_parse(word) for word in text.split())
    if not secrets:
        raise ValueError("there is no secret in it")
    return secrets


def signature(secrets: Sequence[bytes], message_id: str, sent_at_s: int, body: bytes) -> str:
    """The header ``webhook-signature``: one signature for each secret, so that a receiver may know either of two.

    >>> secret = parse_secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    >>> signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message_id}.{sent_at_s}.".encode() + body
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _parse(word: str) -> bytes:
    hint = "make one with: echo whsec_$(openssl rand -base64 32)"
    if not word.startswith(PREFIX):
        raise ValueError(f"a secret begins with {PREFIX}; {hint}")
    try:
        secret = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"what follows {PREFIX} is not base64; {hint}") from None
    if not LEAST_BYTES <= len(secret) <= MOST_BYTES:
        raise ValueError(f"a secret has {LEAST_BYTES} to {MOST_BYTES} bytes, this one has {len(secret)}; {hint}")
    return secret
