"""The whole house in a test: settings for a scripted PBX, and a recorded call to send through it."""

from __future__ import annotations

from pathlib import Path

from crm_bridge.settings import CrmSettings
from cti.pbx.settings import PbxSettings
from offhook.settings import Settings
from offhook.web.security import WebSettings
from tests.cti.scripted_pbx import SECRET, USERNAME, ScriptedPbx
from tests.source import ROOT

RECORDINGS = ROOT / "tests/recordings/asterisk-22"


def pbx_settings(pbx: ScriptedPbx, name: str = "main", secret: str = SECRET) -> PbxSettings:
    return PbxSettings(
        name=name, port=pbx.port, username=USERNAME, secret=secret, trunks=["trunk"], backoff_first_s=0.05
    )


def settings_for(*pbxs: PbxSettings, listen: str = "127.0.0.1:0", password: str | None = None) -> Settings:
    web = WebSettings(listen=listen, password=password)
    return Settings(pbx=pbxs, web=web, crm=CrmSettings(default_region="IT"))


def write_settings(folder: Path, port: int, *, secret: str = SECRET, more: str = "") -> Path:
    """An ``offhook.toml`` as an admin writes it."""
    (folder / "ami.secret").write_text(secret + "\n")
    path = folder / "offhook.toml"
    path.write_text(
        f'[[pbx]]\nname = "main"\nport = {port}\nusername = "{USERNAME}"\nsecret_file = "ami.secret"\n'
        f'trunks = ["trunk"]\n[web]\nlisten = "127.0.0.1:0"\n{more}'
    )
    return path


def recorded(scenario: str) -> bytes:
    """What a PBX said in a recording after the log-in."""
    _, _, events = (RECORDINGS / scenario / "events.ami").read_bytes().partition(b"\r\n\r\n")
    return events
