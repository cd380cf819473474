"""Signatures that the specification's own library takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from crm_bridge.webhook_signing import parse_secrets, signature
from tests.crm_bridge.receiver import OTHER_SECRET, SECRET

BODY = json.dumps({"type": "call.ended", "name": "Žofia 北京"}).encode()


def headers(secrets: str, message_id: str = "msg_1", body: bytes = BODY) -> dict[str, str]:
    at_s = int(datetime.now(UTC).timestamp())
    signed = signature(parse_secrets(secrets), message_id, at_s, body)
    return {"webhook-id": message_id, "webhook-timestamp": str(at_s), "webhook-signature": signed}


def test_the_signature_is_verified_by_the_specifications_library() -> None:
    assert Webhook(SECRET).verify(BODY, headers(SECRET)) == json.loads(BODY)


def test_what_was_changed_or_signed_by_another_is_refused() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", headers(SECRET))
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_SECRET).verify(BODY, headers(SECRET))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, headers(SECRET) | {"webhook-id": "msg_2"})


def test_while_one_secret_replaces_the_other_both_know_the_message() -> None:
    both = headers(f"{OTHER_SECRET} {SECRET}")
    for secret in (SECRET, OTHER_SECRET):
        assert Webhook(secret).verify(BODY, both) == json.loads(BODY)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no secret in it"),
        ("correct-horse-battery", "begins with whsec_"),
        ("whsec_correct horse", "not base64|begins with"),
        ("whsec_aGVsbG8=", "24 to 64 bytes, this one has 5"),
        ("whsec_" + "QUFB" * 22, "this one has 66"),
        (f"{SECRET} whsec_aGVsbG8=", "this one has 5"),
    ],
)
def test_a_secret_that_is_none_is_refused_and_not_shown(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        parse_secrets(text)
    shown = str(caught.value)
    assert not [word for word in text.split() if word.removeprefix("whsec_") in shown]
