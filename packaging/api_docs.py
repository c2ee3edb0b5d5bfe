"""Writes docs/api.md from the declarations of the engine's calls: ``make api-docs``."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from desktop_rag.engine.api import EngineApi
from desktop_rag.engine.call import Call, methods_of, reply_type
from desktop_rag.engine.local_api import LocalApi

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api.md"

_HEAD = """\
# The engine's API

Everything the window and the command line do goes through these calls. Each is declared once, in
`desktop_rag/engine/api.py` or, when it is about no library, in `desktop_rag/engine/local_api.py`. The in-process
`Engine`, the `EngineClient`, the messages between processes and this page come from the declarations.

This page is generated: change a declaration and run `make api-docs`.

```python
from desktop_rag.engine.service.opening import open_engine

with open_engine(library) as engine:          # the engine that runs for this library, or the library opened here
    result = engine.search("where is the boat", limit=3)
    hearing = engine.listening(on_event=print)  # the same calls, heard while they are performed
    answer = hearing.ask("Where is the boat moored?")
```

What each call says of itself:

- **Lane**: the threads of an engine process that perform it. `control` waits for nothing, `question` searches and
  answers, `look` reads, `work` may take long.
- **After a crash** of the engine the client waits for the next one and makes the call again. A call that must not have
  its effect twice carries an id by which the new engine knows what was done.
- **Tells**: what is told meanwhile to who listens: `Progress` (`on_progress`), `AnswerEvent` (`on_event`) or `Transfer`
  (`on_transfer`).

Every call can raise `StorageError`; those that change a library raise `LibraryBusy` when it was opened for searching
only. Beside the calls, `subscribe()` gives the engine's events, and `EngineClient.shut_down()` ends its process.
"""
_REPEATS = {"harmless": "made again", "once": "made again under the same id"}


def page() -> str:
    """The page as it should be."""
    here = methods_of(LocalApi)
    library = {name: call for name, call in methods_of(EngineApi).items() if name not in here}
    parts = [
        _HEAD,
        "## Calls about a library",
        *(_described(name, call) for name, call in library.items()),
        "## Calls about no library",
        "These are performed in the process that makes them, with `ThisProcess()` or any engine.",
        *(_described(name, call) for name, call in here.items()),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _described(name: str, call: type[Call[object]]) -> str:
    facts = [f"lane `{call.lane}`"] if call.place == "engine" else []
    if call.place == "engine":
        facts.append(f"after a crash {_REPEATS[call.repeat]}")
    if call.writes:
        facts.append("changes the library")
    if call.tells != "nothing":
        facts.append(f"tells {call.tells}")
    said = (inspect.getdoc(call) or "").replace("``", "`")
    note = f"\n\n*{call.__name__}*: {', '.join(facts)}." if facts else f"\n\n*{call.__name__}*."
    return f"### {name}\n\n```python\n{_signature(name, call)}\n```\n\n{said}{note}"


def _signature(name: str, call: type[Call[object]]) -> str:
    parameters = [_plain(str(parameter)) for parameter in inspect.signature(call).parameters.values()]
    reply = _plain(inspect.formatannotation(reply_type(call)))
    line = f"{name}({', '.join(parameters)}) -> {reply}"
    if len(line) <= 110:
        return line
    return f"{name}(\n" + "".join(f"    {parameter},\n" for parameter in parameters) + f") -> {reply}"


def _plain(text: str) -> str:
    """A type or parameter as it is written in the source: without modules, and literals by their values alone."""
    text = re.sub(r"(?:[A-Za-z_]+\.)+(?=[A-Za-z_])", "", text)
    text = re.sub(r"Optional\[((?:[^\[\]]|\[[^\[\]]*\])+)\]", r"\1 | None", text)
    text = re.sub(r"Filters\(.*\)$", "Filters()", text)
    return text.replace("NoneType", "None")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
