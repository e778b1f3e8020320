"""The data folder: one user at a time, secrets made once and readable by their owner only."""

import stat
from pathlib import Path

import pytest

from glidepath.embedded.folder import DataFolder
from glidepath.faults import Fault


def folder_in(path: Path) -> DataFolder:
    folder = DataFolder(path / "data")
    folder.prepare()
    return folder


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    assert folder.secrets() == DataFolder(folder.path).secrets()
    assert stat.S_IMODE(folder.secrets_file.stat().st_mode) == 0o600
    assert folder.secrets().admin_api_key.startswith("gp_")


def test_a_secret_that_a_newer_release_needs_is_added_and_the_others_stay(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    folder.secrets_file.write_text('{"identity_key": "kept-from-before"}')
    secrets = folder.secrets()
    assert secrets.identity_key == "kept-from-before"
    assert secrets.link_key


def test_damaged_secrets_are_never_replaced_silently(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    folder.secrets_file.write_text("{")
    with pytest.raises(Fault, match="damaged"):
        folder.secrets()


def test_a_second_user_of_the_folder_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    with folder.locked(), pytest.raises(Fault, match=r"already runs on .* \(process \d+\)"), folder.locked():
        pass
    with folder.locked():
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file, not a folder")
    with pytest.raises(Fault, match="cannot use"):
        folder_in(tmp_path)
