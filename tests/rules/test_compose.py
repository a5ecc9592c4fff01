"""docker-compose.yml: valid by the specification's schema, closed but for the proxy's ports, bounded, without secrets,
and in step with what Evantr knows: settings, commands, version. The Caddyfile is judged by Caddy itself."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from evantr import main
from reader.secret_files import SECRETS
from reader.settings import Settings
from tests.helpers import compose
from tests.helpers.servers import CADDYFILE, program

ROOT = compose.ROOT
TEXT = compose.COMPOSE.read_text()
DOCUMENT = compose.document()
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
ONCE = {name for name, service in compose.services().items() if service.once}
NO_SETTINGS = {f"EVANTR_{name.upper()}_FILE" for name in SECRETS}  # name the file of a setting
TOP = ("networks", "volumes", "configs", "secrets")

each_service = pytest.mark.parametrize("name", SERVICES)


def check_schema(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_it_fits_the_specification() -> None:
    check_schema(compose.COMPOSE)


def with_three_members() -> str:
    """The file with its commented lines of mongo-2 and mongo-3 in force."""
    lines = []
    for line in TEXT.splitlines():
        found = re.fullmatch(
            r"( *)# (( *)(mongo-[23]:|<<: \*mongo|hostname: mongo|volumes: \[.mongo|MEMBERS:).*)", line
        )
        lines.append(found[1] + found[2] if found else line)
    return "\n".join(lines)


def test_it_becomes_three_members_without_comments(tmp_path: Path) -> None:
    text = re.sub(r"^ +MEMBERS: mongo-1:27017$", "", with_three_members(), flags=re.MULTILINE)
    path = tmp_path / "docker-compose.yml"
    path.write_text(text)
    check_schema(path)
    three = compose.document(text)
    members = [name for name in three["services"] if re.fullmatch(r"mongo-\d", name)]
    assert members == ["mongo-1", "mongo-2", "mongo-3"]
    init = three["services"]["mongo-init"]
    assert init["environment"]["MEMBERS"] == ",".join(f"{name}:27017" for name in members)
    assert list(init["depends_on"]) == members
    for name in members:
        assert three["services"][name]["hostname"] == name
        assert three["services"][name]["volumes"] == [f"{name}:/data/db"]
        assert name in three["volumes"]


@each_service
def test_only_the_proxy_has_ports(name: str) -> None:
    assert ("ports" in SERVICES[name]) == (name == "proxy")
    assert SERVICES[name].get("network_mode") in (None, "none")


def test_without_a_word_the_ports_are_for_this_machine() -> None:
    for port in SERVICES["proxy"]["ports"]:
        assert port.startswith("${PUBLISH_ON:-127.0.0.1}:"), port


@each_service
def test_each_has_no_more_rights_than_it_needs(name: str) -> None:
    about = SERVICES[name]
    assert about["read_only"] is True and about["init"] is True
    assert about["cap_drop"] == ["ALL"] and about["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in about and "devices" not in about
    gained = {"proxy": ["NET_BIND_SERVICE"], "nats-volume": ["CHOWN"]}
    assert about.get("cap_add", []) == gained.get(name, [])
    assert re.fullmatch(r"\d+:\d+", about["user"])
    assert about["user"].startswith("0:") == (name == "nats-volume"), "root, for one chown without a network"


@each_service
def test_each_is_bounded_and_comes_back(name: str) -> None:
    about = SERVICES[name]
    limits = about["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert float(limits["cpus"]) <= 1, "a machine with fewer would refuse to start it"
    assert about["restart"] == ("on-failure" if name in ONCE else "unless-stopped")
    assert about["stop_grace_period"] and about["logging"]["options"]["max-size"]


@each_service
def test_each_says_how_it_is(name: str) -> None:
    health = SERVICES[name]["healthcheck"]
    if name in ONCE:
        assert health == {"disable": True}
    else:
        assert health["test"] and health["interval"] and health["timeout"]


def test_who_has_no_port_is_asked_by_its_file() -> None:
    """The image's own check asks for a page, which workers and updaters do not have."""
    for name in ("worker", "updater"):
        alive = SERVICES[name]["environment"]["EVANTR_ALIVE_FILE"]
        assert alive in SERVICES[name]["healthcheck"]["test"][1]
        assert any(each.partition(":")[0] == str(Path(alive).parent) for each in SERVICES[name]["tmpfs"])


@each_service
def test_each_waits_for_who_is_there_and_well(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        expected = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert how["condition"] == expected


@each_service
def test_images_are_pinned_to_a_release(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert re.match(r"\d+\.\d+", tag), f"{image}:{tag}"
    if image == "evantr":
        version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
        assert tag == version and SERVICES[name]["build"] == "."


def test_whatever_is_named_is_declared_and_the_other_way_round() -> None:
    named: dict[str, set[str]] = {top: set() for top in TOP}
    for about in SERVICES.values():
        named["networks"] |= set(about.get("networks", ()))
        named["volumes"] |= {each.partition(":")[0] for each in about.get("volumes", ())}
        named["configs"] |= {each["source"] for each in about.get("configs", ())}
        named["secrets"] |= set(about.get("secrets", ()))
    assert named == {top: set(DOCUMENT[top]) for top in TOP}
    for each in DOCUMENT["configs"].values():
        assert (ROOT / each["file"]).is_file()


def test_what_is_kept_is_reached_from_inside_alone() -> None:
    inner = {name for name, about in DOCUMENT["networks"].items() if about.get("internal")}
    assert inner == {"front", "back"}
    for about in SERVICES.values():
        if about["image"].startswith(("mongo:", "memcached:", "nats:")):
            assert about.get("networks", ["none"]) == (["none"] if about.get("network_mode") == "none" else ["back"])
    assert "back" not in SERVICES["proxy"]["networks"], "the proxy speaks to web processes alone"
    members = {name for name, about in SERVICES.items() if "front" in about.get("networks", ())}
    assert members == {"proxy", "web-1", "web-2"}


def test_the_proxy_is_believed_and_nobody_else() -> None:
    (config,) = DOCUMENT["networks"]["front"]["ipam"]["config"]
    assert compose.environment()["EVANTR_TRUSTED_PROXIES"] == config["subnet"]


def variables() -> set[str]:
    return set(re.findall(r"EVANTR_[A-Z_]+", TEXT + compose.ENVIRONMENT.read_text()))


def test_each_setting_that_is_named_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {f"EVANTR_{name.upper()}" for name in Settings.model_fields}
    assert variables() - NO_SETTINGS <= known
    for name, value in compose.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).queue


def test_addresses_name_services() -> None:
    for name, value in compose.environment().items():
        for host in re.findall(r"([\w.-]+):\d+", value):
            assert host in SERVICES, f"{name}={value}"


def test_each_command_exists_and_all_roles_run() -> None:
    commands = [service.command for service in compose.lasting("evantr")]
    assert {command[0] for command in commands} == {"web", "worker", "updater"}
    assert {command[0] for command in commands} <= set(main.commands)
    count = {role: sum(s.replicas for s in compose.lasting("evantr") if s.command[0] == role) for role in main.commands}
    assert count["web"] >= 2 and count["worker"] >= 2 and count["updater"] == 2


def test_no_secret_stands_in_the_files() -> None:
    for about in DOCUMENT["secrets"].values():
        assert set(about) == {"file"} and about["file"].startswith("secrets/")
    text = TEXT + compose.ENVIRONMENT.read_text()
    assert not re.search(r"(?i)(password|secret|token|key)\w*[:=] *[\"']?[A-Za-z0-9+]{12,}", text)
    assert not re.search(r"://[^/\s]*:[^/\s]*@", text)
    assert "/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
    allowed = (ROOT / ".dockerignore").read_text()
    assert allowed.startswith("*\n") and "secrets" not in allowed


def test_secrets_are_made_once_and_read_by_containers_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make = [str(ROOT / "deploy" / "make-secrets"), str(folder)]
    subprocess.run(make, check=True, capture_output=True)
    assert {f"secrets/{path.name}" for path in folder.iterdir()} == {s["file"] for s in DOCUMENT["secrets"].values()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}
    before = {path.name: path.read_text() for path in folder.iterdir()}
    url = urlsplit(before["evantr_store"].strip())
    assert url.hostname in SERVICES and url.password and len(url.password) >= 32 and url.path == "/evantr"
    assert len(set(before.values())) == len(before)
    assert re.fullmatch(r"[0-9a-f]{6,1024}\n", before["mongo_key"])  # what mongod takes as a key
    subprocess.run(make, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


@pytest.mark.parametrize("site", ["", compose.environment()["SITE"], "read.example.org"])
def test_caddy_takes_its_file(site: str, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | ({"SITE": site} if site else {})
    command = [program("caddy"), "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    formatted = subprocess.run([program("caddy"), "fmt", str(CADDYFILE)], capture_output=True, text=True, check=False)
    assert formatted.stdout == CADDYFILE.read_text()


def test_caddy_knows_all_web_processes_by_default_too() -> None:
    webs = [name for service in compose.lasting("evantr") if service.command == ("web",) for name in service.names]
    expected = " ".join(f"{name}:8000" for name in webs)
    assert compose.environment()["WEB"] == expected
    assert f"{{$WEB:{expected}}}" in CADDYFILE.read_text()
    assert f"{{$SITE:{compose.environment()['SITE']}}}" in CADDYFILE.read_text()
