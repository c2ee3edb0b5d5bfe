"""Settings: what may stand in config.toml, and what changing them does to the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_rag.config import (
    Config,
    FolderRules,
    change_setting,
    config_path,
    get_setting,
    load_config,
    setting_names,
)
from desktop_rag.errors import ConfigError
from desktop_rag.indexing.rules import Rules
from desktop_rag.indexing.scan import scan


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none") == Config()
    assert Config().workers >= 1


def test_a_file_names_only_what_differs(tmp_path: Path) -> None:
    config_path(tmp_path).write_text("parser_timeout_s = 5\n[limits]\npages = 20\n", encoding="utf-8")
    config = load_config(tmp_path)
    assert (config.limits.pages, config.parser_timeout_s) == (20, 5.0)
    assert config.limits.rows == Config().limits.rows
    assert config.ignore == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ignore = 3", "ignore: expected a list, got a whole number"),
        ('ignore = ["!"]', "“!” in ignore is not a valid .gitignore pattern"),
        ("[limits]\npages = 'x'", "limits.pages: expected a whole number, got text"),
        ("[limits]\npages = 0", "limits.pages: expected a whole number >= 1"),
        ("colour = 1", "unknown field colour"),
        ("workers = 1.5", "workers: expected a whole number, got a number"),
        ("x =", "not valid TOML"),
        ("hidden = 'yes'", "hidden: expected true or false, got text"),
        ("on_battery = 'fast'", "on_battery: there is no choice 'fast'"),
        ("quiet_s = 0.01", "quiet_s: expected a number >= 0.05"),
        ("threads = 257", "threads: expected a whole number <= 256"),
        (
            "ignore = ['#x#']",
            r"“#x#” in ignore would be read as a comment; to match names that begin with #, write “\#…”",
        ),
        ("ignore = ['[z-a]']", "“[z-a]” in ignore is not a valid .gitignore pattern"),
        ("ignore = ['']", "“” in ignore is not a valid .gitignore pattern"),
        ("[folders.notes]\nhidden = true", "“notes” in folders is not an absolute path"),
        ("[folders.'{root}']\nhidden = 3", "folders.hidden: expected true or false, got a whole number"),
        ("[folders.'{root}']\nignore = ['!']", "“!” in ignore is not a valid .gitignore pattern"),
        ("[folders.'{root}']\nworkers = 3", "folders: object contains unknown field workers"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, said: str) -> None:
    config_path(tmp_path).write_text(text.replace("{root}", str(tmp_path)), encoding="utf-8")
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


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("hidden", "on", True),
        ("hidden", "YES", True),
        ("follow_links", "true", True),
        ("follow_links", "off", False),
        ("follow_links", "no", False),
        ("hidden", "false", False),
        ("on_battery", "Pause", "pause"),
        ("on_gpu_busy", "full", "full"),
        ("largest_bytes", "1.5 GiB", 3 * 2**29),
        ("quiet_s", "0.25", 0.25),
        ("poll_s", "90", 90),
    ],
)
def test_values_are_written_as_people_say_them(tmp_path: Path, name: str, written: str, value: object) -> None:
    assert get_setting(change_setting(tmp_path, name, written.split()), name) == value
    assert get_setting(load_config(tmp_path), name) == value


@pytest.mark.parametrize(
    ("name", "written", "hint"),
    [
        ("hidden", "maybe", "Use on or off."),
        ("on_battery", "fast", "Use full, pause or slow."),
        ("quiet_s", "soon", "Enter a single number."),
    ],
)
def test_a_value_that_is_none_says_what_to_give(tmp_path: Path, name: str, written: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"“{written}” is not a valid value for {name}") as error:
        change_setting(tmp_path, name, [written])
    assert error.value.hint == hint


def test_rules_of_one_folder(tmp_path: Path) -> None:
    library, notes = tmp_path / "library", tmp_path / "My [notes]"
    change_setting(library, "hidden", ["on"])
    change_setting(library, "hidden", ["off"], notes)
    config = change_setting(library, "ignore", ["*.iso", "!*.bak"], notes)
    assert config.folders == {str(notes): FolderRules(("*.iso", "!*.bak"), hidden=False)}
    assert load_config(library) == config
    assert get_setting(config, "hidden") is True
    assert get_setting(config, "hidden", notes) is False
    assert get_setting(config, "hidden", tmp_path) is None
    assert change_setting(library, "workers", ["2"]).workers == 2  # which stands before the tables in the file

    change_setting(library, "ignore", None, notes)
    assert change_setting(library, "hidden", None, notes).folders == {}
    assert "folders" not in config_path(library).read_text(encoding="utf-8")
    change_setting(library, "hidden", None, notes)  # once more is no error
    with pytest.raises(ConfigError, match="workers applies to all folders"):
        change_setting(library, "workers", ["2"], notes)


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no setting “limits”"):
        change_setting(tmp_path, "limits", ["1"])
    with pytest.raises(ConfigError, match="no setting “colour”"):
        get_setting(Config(), "colour")


def test_every_setting_can_be_read() -> None:
    for name in setting_names():
        get_setting(Config(), name)
    assert {"limits.pages", "ignore", "workers", "hidden", "on_battery"} <= set(setting_names())
    assert "folders" not in setting_names()


def test_patterns_are_added_and_built_in_ones_taken_back(tmp_path: Path) -> None:
    root = tmp_path / "root"
    names = ("letter.txt", "film.iso", "old.bak", "node_modules/left.js", "~$letter.docx", ".git/config")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x", encoding="utf-8")

    def found(config: Config) -> set[str]:
        return {Path(path).relative_to(root).as_posix() for path in scan(root, Rules(root, config)).files}

    assert found(Config()) == {"letter.txt", "film.iso"}
    assert found(change_setting(tmp_path, "ignore", ["*.iso", "!*.bak"])) == {"letter.txt", "old.bak"}
