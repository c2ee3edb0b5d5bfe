"""Translations of the core's messages, as gettext catalogues: what translators' tools and Qt Linguist open.

    python packaging/messages.py template          # writes build/core.pot from desktop_rag/messages/en.json
    python packaging/messages.py update de          # brings translations/core-de.po up to date with it, or begins it
    python packaging/messages.py compile            # writes desktop_rag/messages/<language>/LC_MESSAGES/core.mo

The id of a message is its context, so that the same English can be told in two ways. Needs Babel.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from desktop_rag.messages import CATALOGUE

CHECKOUT = Path(__file__).resolve().parent.parent
TRANSLATIONS = CHECKOUT / "translations"


def template() -> Catalog:
    """All messages, to be translated."""
    catalog = Catalog(project="Desktop RAG", charset="utf-8", fuzzy=False)
    for name, english in sorted(CATALOGUE.items()):
        text = english if isinstance(english, str) else (english.one, english.other)
        catalog.add(text, context=name, flags=["python-brace-format"])
    return catalog


def update(language: str, folder: Path = TRANSLATIONS) -> Path:
    """Bring the translations of a language up to date: new messages come, changed ones are marked as fuzzy."""
    path = folder / f"core-{language}.po"
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language, project="Desktop RAG", charset="utf-8", fuzzy=False)
    catalog.update(template())
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, sort_output=True, omit_header=False)
    return path


def compile_all(folder: Path = TRANSLATIONS, to: Path = CHECKOUT / "desktop_rag" / "messages") -> list[Path]:
    """Write what the program reads, of each language."""
    written = []
    for path in sorted(folder.glob("core-*.po")):
        language = path.stem.removeprefix("core-")
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
        out = to / language / "LC_MESSAGES" / "core.mo"
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("wb") as file:
            write_mo(file, catalog)
        written.append(out)
    return written


def main(arguments: list[str]) -> None:
    match arguments:
        case ["template"]:
            path = CHECKOUT / "build" / "core.pot"
            path.parent.mkdir(exist_ok=True)
            with path.open("wb") as file:
                write_po(file, template(), sort_output=True)
        case ["update", *languages] if languages:
            for language in languages:
                update(language)
        case ["compile"]:
            compile_all()
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
