"""Where the command looks for the deployment and its key, in which order."""

import json
from pathlib import Path

import pytest

from glidepath.context import find_deployment, read_env_file
from glidepath.faults import NotAllowed


def leave_credentials(folder: Path) -> None:
    (folder / "data").mkdir()
    document = {"url": "http://127.0.0.1:9000", "api_key": "gp_left_by_up"}
    (folder / "data" / "credentials.json").write_text(json.dumps(document))


def test_what_up_left_behind_is_used_when_nothing_else_is_said(tmp_path: Path) -> None:
    leave_credentials(tmp_path)
    found = find_deployment(environment={}, folder=tmp_path)
    assert (found.url, found.api_key) == ("http://127.0.0.1:9000", "gp_left_by_up")


def test_the_environment_wins_over_the_env_file_and_both_over_the_data_folder(tmp_path: Path) -> None:
    leave_credentials(tmp_path)
    (tmp_path / ".env").write_text('# ours\nGLIDEPATH_API_KEY="gp_file"\nexport GLIDEPATH_URL=http://file:1\n')
    from_file = find_deployment(environment={}, folder=tmp_path)
    assert (from_file.url, from_file.api_key) == ("http://file:1", "gp_file")
    from_environment = find_deployment(environment={"GLIDEPATH_URL": "http://env:2"}, folder=tmp_path)
    assert (from_environment.url, from_environment.api_key) == ("http://env:2", "gp_file")


def test_a_key_left_by_up_is_not_sent_to_another_address(tmp_path: Path) -> None:
    leave_credentials(tmp_path)
    found = find_deployment(url="http://elsewhere:1", environment={}, folder=tmp_path)
    assert found.api_key is None
    with pytest.raises(NotAllowed, match="GLIDEPATH_API_KEY"):
        found.client()


def test_the_port_alone_names_this_machine(tmp_path: Path) -> None:
    assert find_deployment(environment={"GLIDEPATH_PORT": "8123"}, folder=tmp_path).url == "http://127.0.0.1:8123"


def test_a_damaged_credentials_file_is_as_good_as_none(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "credentials.json").write_text("{")
    assert find_deployment(environment={}, folder=tmp_path).api_key is None


def test_an_env_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}
