"""Settings: what may stand in config.toml, and what changing them does to the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_rag.config import (
    DEFAULT_IGNORE,
    Config,
    change_setting,
    config_path,
    get_setting,
    load_config,
    setting_names,
)
from desktop_rag.errors import ConfigError
from desktop_rag.indexing.scan import scan


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none") == Config()
    assert Config().workers >= 1


def test_a_file_names_only_what_differs(tmp_path: Path) -> None:
    config_path(tmp_path).write_text("parser_timeout_s = 5\n[limits]\npages = 20\n", encoding="utf-8")
    config = load_config(tmp_path)
    assert (config.limits.pages, config.parser_timeout_s) == (20, 5.0)
    assert config.limits.rows == Config().limits.rows
    assert config.ignore == DEFAULT_IGNORE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ignore = 3", "ignore: expected a list, got a whole number"),
        ('ignore = ["!"]', "“!” in ignore is no pattern"),
        ("[limits]\npages = 'x'", "limits.pages: expected a whole number, got text"),
        ("[limits]\npages = 0", "limits.pages: expected a whole number >= 1"),
        ("colour = 1", "unknown field colour"),
        ("workers = 1.5", "workers: expected a whole number, got a number"),
        ("x =", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, said: str) -> None:
    config_path(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_config(tmp_path)
    assert said in error.value.message
    assert str(config_path(tmp_path)) in error.value.message


def test_bytes_that_are_no_text_are_a_config_error(tmp_path: Path) -> None:
    config_path(tmp_path).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path)


def test_a_change_keeps_comments_and_other_settings(tmp_path: Path) -> None:
    config_path(tmp_path).write_text("# mine\nworkers = 2  # enough\n", encoding="utf-8")
    config = change_setting(tmp_path, "limits.text_bytes", ["5", "MiB"])
    assert config.limits.text_bytes == 5 * 1024 * 1024
    assert config.workers == 2
    text = config_path(tmp_path).read_text(encoding="utf-8")
    assert text.startswith("# mine\nworkers = 2  # enough\n")
    assert load_config(tmp_path) == config

    assert change_setting(tmp_path, "limits.text_bytes", None).limits == Config().limits


@pytest.mark.parametrize(("name", "values"), [("workers", ["0"]), ("workers", ["2k"]), ("limits.pages", ["many"])])
def test_a_wrong_change_leaves_the_file_alone(tmp_path: Path, name: str, values: list[str]) -> None:
    change_setting(tmp_path, "workers", ["2"])
    before = config_path(tmp_path).read_text(encoding="utf-8")
    with pytest.raises(ConfigError):
        change_setting(tmp_path, name, values)
    assert config_path(tmp_path).read_text(encoding="utf-8") == before


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no setting “limits”"):
        change_setting(tmp_path, "limits", ["1"])
    with pytest.raises(ConfigError, match="no setting “colour”"):
        get_setting(Config(), "colour")


def test_every_setting_can_be_read() -> None:
    assert all(get_setting(Config(), name) for name in setting_names())
    assert {"limits.pages", "ignore", "workers"} <= set(setting_names())


def test_patterns_are_added_and_built_in_ones_taken_back(tmp_path: Path) -> None:
    root = tmp_path / "root"
    names = ("letter.txt", "film.iso", "old.bak", "node_modules/left.js", "~$letter.docx", ".git/config")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x", encoding="utf-8")

    def found(config: Config) -> set[str]:
        return {Path(path).relative_to(root).as_posix() for path in scan(root, config.ignore).files}

    assert found(Config()) == {"letter.txt", "film.iso"}
    assert found(change_setting(tmp_path, "ignore", ["*.iso", "!*.bak"])) == {"letter.txt", "old.bak"}
