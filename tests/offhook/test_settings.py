"""The settings file as an admin writes it: right, wrong, and with its secrets elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from offhook.settings import SettingsError, environment_name, fetch_secret, fetch_secret_file, load_settings

RIGHT = """
[[pbx]]
name = "main"
username = "offhook"
secret = "s3cret-value"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "offhook.toml"
    path.write_text(text)
    return path


def problems(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(path, environ or {})
    return [str(problem) for problem in caught.value.problems]


def test_few_lines_are_enough(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, RIGHT), {})
    assert [one.name for one in settings.pbx] == ["main"]
    assert settings.web.listen == "127.0.0.1:8088"
    assert settings.store.url == "sqlite:///offhook.sqlite"
    assert settings.log.level == "info"


def test_every_problem_of_a_file_is_in_one_error(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [[pbx]]
        name = "main"
        username = "offhook"
        prot = 5038
        port = "5038"
        [web]
        listen = "0.0.0.0:8088"
        [stroe]
        url = "x"
        [log]
        level = "loud"
        [crm]
        default_region = "Italy"
        """,
    )
    found = problems(path)
    assert [line.partition(":")[0] for line in found] == [
        "stroe",
        "pbx[0].prot",
        "pbx[0].port",
        "crm.default_region",
        "web",
        "log.level",
    ]
    assert found[0] == "stroe: unknown key (did you mean store?) [config-unknown-key]"
    assert "no password is set" in found[4]
    assert found[4].endswith("[config-open-web]")


@pytest.mark.parametrize(
    ("text", "ref", "words"),
    [
        ("", "config-no-pbx", "add a [[pbx]] table"),
        ("[[pbx]\n", "config-not-toml", "line 1"),
        (RIGHT + RIGHT, "config-duplicate", '"main" is the name of pbx[0] too'),
        (RIGHT + 'secret_file = "x"\n', "config-secret-twice", "remove secret or secret_file"),
        (RIGHT.replace("secret =", "secret_file ="), "config-secret-file", "No such file"),
        (RIGHT + '[store]\nurl = "mysql://x/y"\n', "config-bad-value", "mysql is not supported"),
        (RIGHT + '[store]\nurl = "postgresql://x"\n', "config-bad-value", "names no database"),
        (RIGHT + '[web]\nlisten = "8088"\n', "config-bad-value", "ADDRESS:PORT"),
        (RIGHT + '[web]\npublic_url = "https://x.example"\n', "config-open-web", "opens the pages"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, ref: str, words: str) -> None:
    [line] = problems(write(tmp_path, text))
    assert line.endswith(f"[{ref}]")
    assert words in line


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml")[0].endswith("[config-no-file]")
    assert problems(tmp_path)[0].endswith("[config-no-file]")
    path = tmp_path / "latin.toml"
    path.write_bytes(b'name = "\xe9"')
    assert problems(path) == ["is not UTF-8 (byte 8) [config-not-toml]"]


def test_secrets_come_from_files_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("from-file\n# a note\n")
    path = write(tmp_path, RIGHT.replace('secret = "s3cret-value"', 'secret_file = "ami.secret"'))
    [pbx] = load_settings(path, {}).pbx
    assert pbx.secret_file == str(tmp_path / "ami.secret")
    assert fetch_secret(pbx.secret, pbx.secret_file) == "from-file"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("from-file\n")
    path = write(tmp_path, RIGHT.replace('secret = "s3cret-value"', 'secret_file = "ami.secret"'))
    environ = {
        "OFFHOOK_PBX_MAIN_SECRET": "from-environment",
        "OFFHOOK_WEB_PASSWORD": "long enough",
        "OFFHOOK_STORE_PASSWORD": "for-the-database",
    }
    settings = load_settings(path, environ)
    assert settings.pbx[0].secret == "from-environment"
    assert settings.web.password == "long enough"
    assert settings.store.password == "for-the-database"


def test_a_password_from_the_environment_opens_the_pages(tmp_path: Path) -> None:
    path = write(tmp_path, RIGHT + '[web]\nlisten = "0.0.0.0:8088"\n')
    assert load_settings(path, {"OFFHOOK_WEB_PASSWORD": "long enough"}).web.listen == "0.0.0.0:8088"
    assert "8 characters" in problems(path, {"OFFHOOK_WEB_PASSWORD": "short"})[0]


def test_no_secret_is_in_what_the_settings_print(tmp_path: Path) -> None:
    text = RIGHT + '[web]\npassword = "web-s3cret"\n[store]\nurl = "postgresql://u:db-s3cret@127.0.0.1/x"\n'
    settings = load_settings(write(tmp_path, text), {"OFFHOOK_STORE_PASSWORD": "other-s3cret"})
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_a_secret_file_with_an_empty_line_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_text("\nreal\n")
    with pytest.raises(Exception, match="its first line is empty"):
        fetch_secret_file(str(path))


def test_a_name_becomes_part_of_a_variable() -> None:
    assert environment_name("head-office.1") == "HEAD_OFFICE_1"
