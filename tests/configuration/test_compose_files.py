"""compose.yaml and its overlays as files: settings that exist, images of a version, what 1.29 takes."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.documentation import settings
from tools.standins import DOCKERFILES, kind_of, named_images

ROOT = Path(__file__).resolve().parents[2]
FILES = ("compose.yaml", "compose.dev.yaml", "compose.kubeconfig.yaml")
CAREFUL = {"read_only": True, "cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
# What docker-compose 1.29 does not know.
UNKNOWN = {"name", "include", "models"}
UNKNOWN_IN_SERVICES = {"develop", "pull_policy", "post_start", "pre_stop", "annotations", "attach"}


def read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("name", FILES)
def test_compose_1_29_takes_it(name: str) -> None:
    content = read(name)
    assert not UNKNOWN & content.keys()
    for service in content["services"].values():
        assert not UNKNOWN_IN_SERVICES & service.keys()
        assert isinstance(service.get("env_file", ""), str)


@pytest.mark.parametrize("name", FILES)
def test_every_setting_is_one(name: str) -> None:
    given = {key for service in read(name)["services"].values() for key in service.get("environment", ())}
    own = {key.removesuffix("_FILE") for key in given if not key.startswith(("POSTGRES_", "PGDATA"))}
    assert own <= settings()


@pytest.mark.parametrize("name", ["compose.yaml", "compose.kubeconfig.yaml"])
def test_every_container_is_careful_and_limited(name: str) -> None:
    for service, content in read(name)["services"].items():
        if "image" not in content:  # what an overlay adds to a service
            continue
        assert {key: content.get(key) for key in CAREFUL} == CAREFUL, service
        assert "mem_limit" in content or content.get("network_mode") == "none", service


def test_public_images_have_a_version_and_a_stand_in() -> None:
    images = named_images()
    assert {kind_of(image) for image in images} == set(DOCKERFILES)
    assert all(re.search(r":\d", image) for image in images)
    compose = {service.get("image", "") for service in read("compose.yaml")["services"].values()}
    assert {image for image in compose if "K8SPORTAL_IMAGE" not in image} <= set(images)
