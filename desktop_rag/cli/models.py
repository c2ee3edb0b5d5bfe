"""``models``: which models are installed, which suit this PC, and getting, checking and choosing them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.getting import SET, download, import_one, means_of, progress_shown, say_what_follows
from desktop_rag.cli.options import Arguments, Subparsers, add_command, add_common, wrapped

if TYPE_CHECKING:
    from rich.console import RenderableType

    from desktop_rag.engine.models import Bundled, Listed, ModelOverview, ModelRole, Recommendation

ROLES: tuple[ModelRole, ...] = ("chat", "embedding", "reranking", "image", "speech")
"""``INSTALLABLE``, which the command line need not load a library to know."""
_DOES = {
    "chat": ("Chat models answer", "A chat model answers", "in sentences"),
    "embedding": ("Embedding models find", "An embedding model finds", "passages by their meaning"),
    "reranking": ("Reranking models put", "A reranking model puts", "the best passage first"),
    "image": ("Image models find", "An image model finds", "pictures by what they show"),
    "speech": ("Speech models understand", "A speech model understands", "recordings"),
}
_WITHOUT = {
    "chat": "Without one, answers quote your files.",
    "embedding": "Without one, the small model that comes with the program is used.",
    "reranking": "Without one, the small reader that comes with the program does this.",
    "image": "Without one, pictures are found only by their names and by text in them.",
    "speech": "Without one, recordings are found only by their names.",
}


def add_to(commands: Subparsers) -> None:
    models = add_command(
        commands,
        "models",
        "download models and choose which to use",
        "Models let the program do more: a chat model answers in sentences, an image model finds pictures, a speech "
        "model understands recordings. Models run on this PC. They are downloaded from the internet only when you ask "
        "for it here; nothing of yours is sent.",
        "desktop-rag models recommend",
        "desktop-rag models download recommended",
        "desktop-rag models download qwen3-4b",
        "desktop-rag models import /media/stick/model.gguf",
        "desktop-rag models use qwen3-4b",
    )
    actions = models.add_subparsers(title="actions", metavar="ACTION", dest="action")
    models.set_defaults(run=_list)
    _action(actions, "list", "models that are installed, and models to download", _list)
    recommend = _action(actions, "recommend", "models that suit this PC", _recommend)
    recommend.add_argument("--card", type=_gigabytes, metavar="GB", help="assume a graphics card with this much memory")
    recommend.add_argument("--memory", type=_gigabytes, metavar="GB", help="assume a PC with this much memory")

    fetch = _action(actions, "download", "download models from the internet", download)
    fetch.description = wrapped(
        "Downloads models from the Hugging Face hub (or the mirror named by HF_ENDPOINT), after saying what, from "
        "where and how much. An interrupted download continues where it stopped. Every file is checked."
    )
    fetch.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help=f"a name from the list, “{SET}” for the set that suits this PC, or any repository on the hub: "
        "OWNER/REPOSITORY, OWNER/REPOSITORY/FILE.gguf",
    )
    fetch.add_argument("-y", "--yes", action="store_true", help="do not ask first")
    _add_role(fetch)

    bring = _action(actions, "import", "install a model from a file or folder", import_one)
    bring.description = wrapped(
        "Copies a model from a disk: a GGUF file (chat, embedding, reranking), an open_clip folder with safetensors "
        "(image), or a faster-whisper folder (speech). Needs no internet."
    )
    bring.add_argument("path", metavar="PATH", help="the file or folder")
    bring.add_argument("--name", default="", help="the name to give it")
    _add_role(bring)

    verify = _action(actions, "verify", "check that the files of models are unchanged", _verify)
    verify.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    remove = _action(actions, "remove", "delete models", _remove)
    remove.add_argument("names", nargs="+", metavar="NAME", help="installed models, or unfinished downloads")
    use = _action(actions, "use", "choose the model to use", _use)
    what = use.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", metavar="NAME", help="an installed model, used for what it can do")
    what.add_argument("--without", choices=ROLES, metavar="ROLE", help=f"use no model for this: {', '.join(ROLES)}")


def _action(actions: Subparsers, name: str, summary: str, run: Callable[[Arguments], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"Models: {summary}.", allow_abbrev=False
    )
    add_common(parser, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def _add_role(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role", choices=ROLES, metavar="ROLE", help=f"accept it only for this role: {', '.join(ROLES)}"
    )


def _gigabytes(text: str) -> float:
    number = float(text)
    if not 0 <= number < 100_000:
        raise argparse.ArgumentTypeError("must be a number of GB")
    return number


# --- what there is ---------------------------------------------------------------------------------------------------


def _list(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.local_api import ThisProcess

    overview = ThisProcess().models()
    if arguments.json:
        show_json(
            {
                "folder": overview.folder,
                "installed": overview.installed,
                "in_use": overview.in_use,
                "unfinished": [{"name": name, "bytes": size} for name, size in overview.unfinished],
                "available": overview.catalogue.models,
                "bundled": overview.catalogue.bundled,
            }
        )
    else:
        show(*_listing(overview))
    return Exit.OK


def _listing(overview: ModelOverview) -> Iterator[RenderableType]:
    from rich.text import Text

    from desktop_rag.cli.hanging import HangingText
    from desktop_rag.cli.terminal import clean_name, program, short_path, size

    installed, listed = overview.installed, overview.catalogue.models
    here = {model.name for model in installed}
    width = max(len(name) for name in (*here, *(model.name for model in listed)))
    for role in ROLES:
        chosen = overview.used_for(role)
        own = [model for model in installed if model.role == role]
        without = f" {_WITHOUT[role]}" if chosen is None and _WITHOUT[role] else ""
        yield Text(f"{_DOES[role][0]} {_DOES[role][2]}.{without}", "bold")
        for model in own:
            mark, state = ("*", "in use") if chosen is not None and model.name == chosen.name else (" ", "installed")
            style = "bold cyan" if mark == "*" else ""
            head = Text.assemble((f"{mark} ", style), (f"{model.name:<{width}}  ", style))
            if model.fault:
                yield HangingText(Text(f"cannot be used: {clean_name(model.fault)}", "red"), head)
            else:
                yield HangingText(Text(f"{state}: {clean_name(model.title)}, {size(model.bytes)}"), head)
        for other in listed:
            if other.role == role and other.name not in here:
                yield HangingText(Text(_terms(other), "dim"), Text(f"  {other.name:<{width}}  ", "dim"))
        yield Text("")
    yield Text("Part of the program", "bold")
    for bundled in overview.catalogue.bundled:
        terms = f"{bundled.title}, {size(bundled.bytes)}; {_languages(bundled)}; {bundled.licence}"
        yield HangingText(Text(terms), Text(f"  {bundled.name:<{width}}  "))
    yield Text("")
    for name, bytes_here in overview.unfinished:
        yield Text(
            f"The download of {clean_name(name)} is unfinished ({size(bytes_here)} so far); run it again to continue."
        )
    yield Text("Memory is an estimate. Sizes of downloads are shown before anything is downloaded.", "dim")
    yield Text(f"Installed models are in {clean_name(short_path(overview.folder))}", "dim")
    yield Text(f"To see what suits this PC: {program()} models recommend", "dim")


def _terms(model: Listed) -> str:
    note = f"; {model.note}" if model.note else ""
    return f"about {model.memory_gb:g} GB of memory; {_languages(model)}; {model.licence}{note}"


def _languages(model: Listed | Bundled) -> str:
    if "many" in model.languages:
        return "many languages"
    return "English" if model.languages == ("en",) else f"languages: {', '.join(model.languages)}"


def _recommend(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.local_api import ThisProcess

    api = ThisProcess()
    means, said = means_of(api.machine(), arguments.card, arguments.memory)
    advice = api.recommend_models(means)
    if arguments.json:
        show_json({"means": means, "tier": advice.tier.name, "title": advice.tier.title, "models": advice.models})
    else:
        show(
            *_advice(
                advice, said, set(api.models().sound), given=arguments.card is not None or arguments.memory is not None
            )
        )
    return Exit.OK


def _advice(advice: Recommendation, said: str, here: set[str], *, given: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    from desktop_rag.cli.hanging import HangingText
    from desktop_rag.cli.terminal import program

    yield Text(f"{'A PC with' if given else 'This PC has'}: {said}.")
    yield Text(f"The set for {advice.tier.title}:")
    yield Text("")
    width = max(len(model.name) for model in advice.models)
    for model in advice.models:
        state = "already installed" if model.name in here else _terms(model)
        head = Text.assemble("  ", (f"{model.name:<{width}}  ", "bold cyan"))
        yield HangingText(Text(" ".join(_DOES[model.role][1:]) + "."), head)
        yield HangingText(Text(state, "dim"), " " * (width + 4))
    yield Text("")
    if all(model.name in here for model in advice.models):
        yield Text("You have all of them.")
        return
    total = sum(model.memory_gb for model in advice.models)
    yield Text(
        f"Together they take about {total:.0f} GB of memory (an estimate); the program loads them only when needed."
    )
    yield Text("")
    yield Text(f"Download all:      {program()} models download {SET}")
    yield Text(f"Download just one: {program()} models download {advice.models[0].name}")
    yield Text("You see the size, and are asked, before anything is downloaded.", "dim")


# --- keeping them ----------------------------------------------------------------------------------------------------


def _verify(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import clean_name, complain, program, say, show, show_json
    from desktop_rag.engine.local_api import ThisProcess
    from desktop_rag.errors import ModelRefused

    api = ThisProcess()
    overview = api.models()
    names = [overview.find(name).name for name in arguments.names] or [model.name for model in overview.installed]
    if not names and not arguments.json:
        say(f"No models are installed. To see which suit this PC: {program()} models recommend")
    faults: dict[str, str] = {}
    for name in names:
        try:
            with progress_shown(f"Checking {name}") as on_transfer:
                api.listening(on_transfer=on_transfer).verify_model(name)
        except ModelRefused as refused:
            faults[name] = refused.message
            if not arguments.json:
                complain(refused.message, refused.hint)
        else:
            if not arguments.json:
                show(f"{clean_name(name)} is intact.")
    if arguments.json:
        show_json([{"name": name, "ok": name not in faults, "fault": faults.get(name, "")} for name in names])
    return Exit.PARTLY if faults else Exit.OK


def _remove(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.local_api import ThisProcess

    for name in arguments.names:
        ThisProcess().remove_model(name)
        if not arguments.json:
            show(f"{name} was removed.")
    if arguments.json:
        show_json({"removed": arguments.names})
    return Exit.OK


def _use(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.local_api import ThisProcess

    api = ThisProcess()
    model = None if arguments.without else api.models().find(arguments.name)
    role = arguments.without if model is None else model.role
    api.use_model(role, None if model is None else model.name)
    if arguments.json:
        show_json({"role": role, "name": None if model is None else model.name})
    elif model is None:
        show(f"No model is used for {role} now. {_WITHOUT[role]}".strip())
    else:
        show(f"{model.name} is now used for {role}.")
        say_what_follows(role)
    return Exit.OK
