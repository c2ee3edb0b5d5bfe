"""``models``: which models are installed, which suit this PC, and getting, checking and choosing them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

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
    "image": ("Image models find", "An image model finds", "pictures by what is on them"),
    "speech": ("Speech models understand", "A speech model understands", "recordings"),
}
_WITHOUT = {
    "chat": "Without one, answers quote your files.",
    "embedding": "Without one, a small one is used that comes with the program.",
    "reranking": "Without one, the small reader that comes with the program does it.",
    "image": "Without one, pictures are found by their names and the text on them.",
    "speech": "Without one, recordings are found by their names.",
}


def add_to(commands: Subparsers) -> None:
    models = add_command(
        commands,
        "models",
        "get models, and choose among them",
        "A model is a file, or a few, that makes the program able to do more: a chat model answers in sentences, an "
        "image model finds pictures, a speech model understands recordings. Models run on this PC. They are fetched "
        "from the internet only when you ask for it here; nothing of yours is sent.",
        "desktop-rag models recommend",
        "desktop-rag models download recommended",
        "desktop-rag models download qwen3-4b",
        "desktop-rag models import /media/stick/model.gguf",
        "desktop-rag models use qwen3-4b",
    )
    actions = models.add_subparsers(title="actions", metavar="ACTION", dest="action")
    models.set_defaults(run=_list)
    _action(actions, "list", "those installed, and those that can be had", _list)
    recommend = _action(actions, "recommend", "those that suit this PC", _recommend)
    recommend.add_argument("--card", type=_gigabytes, metavar="GB", help="for a graphics card with this much memory")
    recommend.add_argument("--memory", type=_gigabytes, metavar="GB", help="for a PC with this much memory")

    fetch = _action(actions, "download", "fetch models from the internet", download)
    fetch.description = wrapped(
        "Fetches models from the Hugging Face hub (or the mirror that HF_ENDPOINT names), after telling what, from "
        "where and how much. A download that was broken off goes on where it stopped. Every file is checked."
    )
    fetch.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help=f"a model's name in the list, “{SET}” for the set that suits this PC, or any repository of the hub: "
        "OWNER/REPOSITORY, OWNER/REPOSITORY/FILE.gguf",
    )
    fetch.add_argument("-y", "--yes", action="store_true", help="do not ask first")
    _add_role(fetch)

    bring = _action(actions, "import", "install a model from a file or folder", import_one)
    bring.description = wrapped(
        "Copies a model from this PC or a stick: a GGUF file (chat, embedding, reranking), a folder of open_clip with "
        "safetensors (image), a folder of faster-whisper (speech). Needs no internet."
    )
    bring.add_argument("path", metavar="PATH", help="the file or folder")
    bring.add_argument("--name", default="", help="what to call it")
    _add_role(bring)

    verify = _action(actions, "verify", "check that no file of a model has changed", _verify)
    verify.add_argument("names", nargs="*", metavar="NAME", help="only these; otherwise all")
    remove = _action(actions, "remove", "delete models", _remove)
    remove.add_argument("names", nargs="+", metavar="NAME", help="installed ones, or downloads that were broken off")
    use = _action(actions, "use", "choose the model to use", _use)
    what = use.add_mutually_exclusive_group(required=True)
    what.add_argument("name", nargs="?", metavar="NAME", help="an installed model: it is used for what it can do")
    what.add_argument("--without", choices=ROLES, metavar="ROLE", help=f"use none for {', '.join(ROLES)}")


def _action(actions: Any, name: str, summary: str, run: Callable[[Arguments], int]) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=f"Models: {summary}.", allow_abbrev=False
    )
    add_common(parser, default=argparse.SUPPRESS)
    parser.set_defaults(run=run)
    return parser


def _add_role(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role", choices=ROLES, metavar="ROLE", help=f"refuse it unless it is for this: {', '.join(ROLES)}"
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
    yield Text("Come with the program.", "bold")
    for bundled in overview.catalogue.bundled:
        terms = f"{bundled.title}, {size(bundled.bytes)}; {_languages(bundled)}; {bundled.licence}"
        yield HangingText(Text(terms), Text(f"  {bundled.name:<{width}}  "))
    yield Text("")
    for name, bytes_here in overview.unfinished:
        yield Text(
            f"Of {clean_name(name)}, {size(bytes_here)} have come: the command that began it goes on from there."
        )
    yield Text("Memory is an estimate; how much there is to fetch, the hub tells when you ask for a model.", "dim")
    yield Text(f"Installed models are in {clean_name(short_path(overview.folder))}", "dim")
    yield Text(f"What suits this PC: {program()} models recommend", "dim")


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
        state = "installed already" if model.name in here else _terms(model)
        head = Text.assemble("  ", (f"{model.name:<{width}}  ", "bold cyan"))
        yield HangingText(Text(" ".join(_DOES[model.role][1:]) + "."), head)
        yield HangingText(Text(state, "dim"), " " * (width + 4))
    yield Text("")
    if all(model.name in here for model in advice.models):
        yield Text("You have all of it.")
        return
    total = sum(model.memory_gb for model in advice.models)
    yield Text(
        f"All at once they would take about {total:.0f} GB of memory (an estimate); the program loads them as needed."
    )
    yield Text("")
    yield Text(f"Get them all:   {program()} models download {SET}")
    yield Text(f"Or just one:    {program()} models download {advice.models[0].name}")
    yield Text("You are told how much that is, and asked, before anything is fetched.", "dim")


# --- keeping them ----------------------------------------------------------------------------------------------------


def _verify(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import clean_name, complain, program, say, show, show_json
    from desktop_rag.engine.local_api import ThisProcess
    from desktop_rag.errors import ModelRefused

    api = ThisProcess()
    overview = api.models()
    names = [overview.find(name).name for name in arguments.names] or [model.name for model in overview.installed]
    if not names and not arguments.json:
        say(f"No models are installed. Which suit this PC: {program()} models recommend")
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
                show(f"{clean_name(name)} is sound.")
    if arguments.json:
        show_json([{"name": name, "ok": name not in faults, "fault": faults.get(name, "")} for name in names])
    return Exit.PARTLY if faults else Exit.OK


def _remove(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.local_api import ThisProcess

    for name in arguments.names:
        ThisProcess().remove_model(name)
        if not arguments.json:
            show(f"{name} is removed.")
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
        show(f"{model.name} is used for {role} now.")
        say_what_follows(role)
    return Exit.OK
