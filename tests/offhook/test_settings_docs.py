"""The page about the settings says everything the structs say."""

from __future__ import annotations

from offhook.settings_docs import setting_paths, settings_page
from tests.source import ROOT


def test_the_page_is_up_to_date() -> None:
    assert (ROOT / "docs/settings.md").read_text() == settings_page(), (
        "python -m offhook.settings_docs > docs/settings.md"
    )


def test_every_setting_has_a_heading_and_a_description() -> None:
    page, paths = settings_page(), setting_paths()
    assert {"pbx.host", "store.url", "crm.default_region", "crm.sources.kind", "web.listen", "log.level"} <= set(paths)
    for path in paths:
        text = page.partition(f"### `{path}`\n\n")[2].partition("\n")[0]
        assert len(text) > 20, path


def test_secrets_name_their_variable() -> None:
    page = settings_page()
    assert "`OFFHOOK_PBX_<NAME>_SECRET`" in page
    assert "`OFFHOOK_WEB_PASSWORD`" in page
    assert "`OFFHOOK_STORE_PASSWORD`" in page
