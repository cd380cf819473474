"""What sites with Docker get. No Docker engine is here: files are held against the specifications and each other."""

from __future__ import annotations

import re
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from kpi.grafana.make import FOLDER
from kpi.metric_specs import SPECS
from offhook.settings import load_settings
from tests.source import ROOT

TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROMETHEUS: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())


def parsed(text: str) -> PyCompose:
    """By the specification; ``host-gateway`` is Docker's own word for an address, which it does not know."""
    found = PyCompose.from_yaml(text.replace("host-gateway", "172.17.0.1"))
    found.validate()
    return found


def mounts(service: str) -> dict[str, str]:
    """What is mounted where, by place in the container."""
    pairs = [volume.split(":")[:2] for volume in SERVICES[service]["volumes"]]
    return {inside: outside for outside, inside in pairs}


def test_the_file_follows_the_specification_of_compose() -> None:
    assert set(parsed(TEXT).service_names()) == {"offhook", "prometheus", "grafana"}


@pytest.mark.parametrize(
    ("right", "wrong"), [("build: .", "builds: ."), ("[grafana_password]", "[nobody]"), ("unless-stopped", "sometimes")]
)
def test_the_check_finds_faults(right: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parsed(TEXT.replace(right, wrong))


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_mounted_is_there(service: str) -> None:
    for outside in mounts(service).values():
        if outside.startswith("."):
            assert (ROOT / outside).exists(), outside
        else:
            assert outside in COMPOSE["volumes"]


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_open_to_the_network(service: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[service]["ports"])
    assert "no-new-privileges:true" in SERVICES[service]["security_opt"]


@pytest.mark.parametrize("service", ["prometheus", "grafana"])
def test_images_of_others_are_named_with_their_version(service: str) -> None:
    assert re.search(r":v?\d+\.\d+\.\d+$", SERVICES[service]["image"])


def test_no_secret_stands_in_a_file_that_is_kept() -> None:
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())


def test_prometheus_finds_offhook_its_password_and_the_rules(tmp_path: Path) -> None:
    (job,) = PROMETHEUS["scrape_configs"]
    ((target,),) = [config["targets"] for config in job["static_configs"]]
    listen = load_docker_settings(tmp_path).web.listen
    assert target == "offhook:" + listen.rpartition(":")[2]
    secret = job["basic_auth"]["password_file"].removeprefix("/run/secrets/")
    assert secret in SERVICES["prometheus"]["secrets"]
    inside = mounts("prometheus")
    for rules in PROMETHEUS["rule_files"]:
        folder, _, name = rules.rpartition("/")
        assert (ROOT / inside[folder] / name).is_file()


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    text = (FOLDER / "prometheus.yml").read_text().replace("/etc/prometheus/rules", str(FOLDER / "rules"))
    (tmp_path / "password").write_text("x")
    config = tmp_path / "prometheus.yml"
    config.write_text(text.replace("/run/secrets/offhook_password", str(tmp_path / "password")))
    checked = subprocess.run(
        ["promtool", "check", "config", config], capture_output=True, text=True, check=False, timeout=60
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_alert_on_offhook_itself_knows_the_job() -> None:
    assert [job["job_name"] for job in PROMETHEUS["scrape_configs"]] == ["offhook"]
    assert "offhook_link_up" in SPECS


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    (source,) = yaml.safe_load((FOLDER / "provisioning/datasources/offhook.yaml").read_text())["datasources"]
    assert source["type"] == "prometheus"
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((FOLDER / "provisioning/dashboards/offhook.yaml").read_text())["providers"]
    boards = ROOT / mounts("grafana")[provider["options"]["path"]]
    assert len(list(boards.glob("*.json"))) == 4
    assert mounts("grafana")["/etc/grafana/provisioning"] == "./kpi/grafana/provisioning"


def load_docker_settings(folder: Path) -> Any:
    """The settings of the container, with its secrets where the test can read them."""
    (folder / "secret").write_text("long enough\n")
    text = (ROOT / "packaging/docker/offhook.toml").read_text()
    path = folder / "offhook.toml"
    path.write_text(re.sub(r'"/run/secrets/\w+"', f'"{folder / "secret"}"', text))
    return load_settings(path, {})


def test_the_settings_of_the_container_are_right(tmp_path: Path) -> None:
    settings = load_docker_settings(tmp_path)
    assert settings.web.listen == "0.0.0.0:8088"
    assert settings.web.password_file is not None
    text = (ROOT / "packaging/docker/offhook.toml").read_text()
    named = set(re.findall(r"/run/secrets/(\w+)", text))
    assert named == set(SERVICES["offhook"]["secrets"])
    kept = re.findall(r'"(?:sqlite:///)?(/var/lib/offhook)/[\w.]+"', text)
    assert set(kept) == {"/var/lib/offhook"} <= set(mounts("offhook"))
    assert len(kept) == 3


def test_the_image_is_built_of_what_is_there() -> None:
    copied = [name for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]]
    let_in = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert copied
    for name in copied:
        assert (ROOT / name).exists()
        assert any(fnmatch(name, pattern) for pattern in let_in)
    parts = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert parts <= set(copied)


def test_the_image_does_not_run_as_root_and_keeps_its_data() -> None:
    instructions = [line.split(maxsplit=1) for line in DOCKERFILE.splitlines() if re.match(r"[A-Z]+ ", line)]
    users = [rest for name, rest in instructions if name == "USER"]
    assert users == ["offhook"]
    assert instructions[0] == ["FROM", "python:3.13-slim"]
    assert ["VOLUME", "/var/lib/offhook"] in instructions
    port = SERVICES["offhook"]["ports"][0].rpartition(":")[2]
    assert ["EXPOSE", port] in instructions
    assert f"http://127.0.0.1:{port}/healthz" in DOCKERFILE


@pytest.mark.parametrize("name", ["run", "check"])
def test_the_commands_that_are_named_are_there(name: str) -> None:
    texts = DOCKERFILE, (ROOT / "packaging/docker/offhook.toml").read_text()
    assert any(name in text for text in texts)
    assert f"## `offhook {name}`" in (ROOT / "docs/cli.md").read_text()
