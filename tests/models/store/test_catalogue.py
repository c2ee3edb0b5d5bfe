"""The list of models in that can be had, and what it recommends."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_rag.errors import ConfigError, ModelError
from desktop_rag.models.requests import INSTALLABLE
from desktop_rag.models.store.catalogue import Means, load_catalogue
from desktop_rag.models.store.checks import safe_file, safe_name

CATALOGUE = load_catalogue()
GIB = 1024**3
MIB = 1024**2


def test_every_model_can_be_named_fetched_and_used() -> None:
    names = [model.name for model in CATALOGUE.models]
    assert len(set(names)) == len(names)
    tiers = [tier.name for tier in CATALOGUE.tiers]
    for model in CATALOGUE.models:
        assert safe_name(model.name)
        assert model.repository.count("/") == 1
        assert model.files
        assert all(safe_file(name.replace("*", "x")) for name in model.files + model.extras)
        assert model.files[0].endswith(
            {"gguf": ".gguf", "open_clip": ".safetensors", "ctranslate2": ".bin"}[model.form]
        )
        assert model.licence
        assert model.languages
        assert 0 < model.memory_gb < 64
        assert model.tier in tiers
        assert CATALOGUE.find(model.name.upper()) == model
    assert {model.role for model in CATALOGUE.models} == set(INSTALLABLE)


def test_licences_are_those_that_allow_use_at_home() -> None:
    assert {model.licence for model in CATALOGUE.models} == {
        "Apache-2.0",
        "MIT",
        "Gemma Terms of Use",
        "Llama 3.2 Community License",
    }


def test_sets_go_from_small_to_large_and_have_one_model_for_a_role() -> None:
    sizes = [(tier.card_gb, tier.memory_gb) for tier in CATALOGUE.tiers]
    assert sizes == sorted(sizes)
    chats = []
    for place, tier in enumerate(CATALOGUE.tiers):
        models = [CATALOGUE.find(name) for name in tier.models]
        roles = [model.role for model in models]
        assert len(set(roles)) == len(roles)
        assert {"chat", "image", "speech"} <= set(roles)
        names = [each.name for each in CATALOGUE.tiers[: place + 1]]
        assert all(model.tier in names for model in models)
        chats.append(next(model.memory_gb for model in models if model.role == "chat"))
        assert not tier.card_gb or chats[-1] < tier.card_gb
    assert chats == sorted(chats)


@pytest.mark.parametrize(
    ("card", "memory", "tier"),
    [
        (0, 8 * GIB, "cpu"),
        (0, 15_800 * MIB, "cpu-16"),
        (4 * GIB, 8 * GIB, "cpu"),
        (6_144 * MIB, 8 * GIB, "6"),
        (8_188 * MIB, 16 * GIB, "8"),
        (12_282 * MIB, 16 * GIB, "12"),
        (16_376 * MIB, 16 * GIB, "16"),
        (24_564 * MIB, 64 * GIB, "24"),
        (80 * GIB, 512 * GIB, "24"),
    ],
)
def test_a_pc_gets_the_set_for_its_card_as_cards_report_their_memory(card: int, memory: int, tier: str) -> None:
    advice = CATALOGUE.recommend(Means(card, memory))
    assert advice.tier.name == tier
    roles = [INSTALLABLE.index(model.role) for model in advice.models]
    assert roles == sorted(roles)
    assert {model.name for model in advice.models} == set(advice.tier.models)


def test_a_name_that_is_not_listed_is_an_error_with_a_way_out() -> None:
    with pytest.raises(ModelError, match=r"There is no model called “gpt”.*models list"):
        CATALOGUE.find("gpt")


@pytest.mark.parametrize("text", ["[[model]", "model = 3", '[[model]]\nname = "x"', "\xff"])
def test_a_broken_list_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "models.toml"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match=r"models\.toml cannot be used"):
        load_catalogue(path)
