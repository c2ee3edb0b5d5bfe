"""Messages -> the prompt a chat model was trained on, with the template its file brings.

A template is a program by a stranger, in Jinja. It runs in Jinja's sandbox with what real templates need and no more:
no attributes but a few methods, no other templates, and limits on the size of every value. How long it runs is watched
from outside its process (see ``time_limit``). It never sees what the messages say: it gets a sentinel in place of each
content, and where a sentinel comes out, the content is put in as plain text. So no passage can speak in the name of the
system or the model, whatever control tokens it spells.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from msgspec import Struct

from desktop_rag.errors import ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.llama.messages import ChatMessage
from desktop_rag.models.time_limit import within

MAX_SOURCE = 256 * 1024
MAX_TEXT = 512 * 1024
"""Characters of any text a template makes."""
MAX_ITEMS = 4_096
TIME_S = 2.0
"""Real templates take milliseconds."""
TOO_SLOW = f"The model's chat template takes longer than {TIME_S:g} seconds, as a harmful one would."

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)
PLAIN = (
    "{% for message in messages %}{% if message.role == 'user' %}User: {% elif message.role == 'assistant' %}"
    "Assistant: {% endif %}{{ message.content }}\n\n{% endfor %}Assistant:"
)
PLAIN_STOP = ("\nUser:",)
"""What a model that follows ``PLAIN`` writes once it goes on to speak for the person."""


_EXAMPLE = (
    ChatMessage("system", "Be brief."),
    ChatMessage("user", "Hello"),
    ChatMessage("assistant", "Yes?"),
    ChatMessage("user", "Who are you?"),
)


class TemplatePiece(Struct, frozen=True):
    """A stretch of a prompt: the template's own, in which control tokens count, or what somebody wrote."""

    text: str
    own: bool


class ChatTemplate:
    """A template that has proved itself on an example. Raises ``ModelRefused`` for one that does not work, or attacks.
    One that never ends costs the process, if that is a model's.

    ``bos`` and ``eos`` are the texts of the tokens that begin and end a text. A template that knows no system role
    gets the system's message at the head of the person's first.
    """

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        if len(source) > MAX_SOURCE:
            raise ModelRefused(say("models.models-chat-template-too-long"))
        self._special = {"bos_token": bos, "eos_token": eos}
        environment = _environment()
        with within(TIME_S, TOO_SLOW):
            with _refusing():
                self._template = environment.from_string(environment.measured(source))
            self._knows_system = True
            try:
                self._render(_EXAMPLE)
            except ModelRefused:
                self._knows_system = False
                self._render(_without_system(_EXAMPLE))

    def pieces(self, messages: Sequence[ChatMessage]) -> list[TemplatePiece]:
        """The prompt for the answer to the last message. Contents lose the space around them."""
        with within(TIME_S, TOO_SLOW):
            return self._render(list(messages) if self._knows_system else _without_system(messages))

    def _render(self, messages: Sequence[ChatMessage]) -> list[TemplatePiece]:
        # Letters and digits only: a template may trim or escape what it is given.
        key = "x" + secrets.token_hex(12)
        stand_ins = [{"role": message.role, "content": f"{key}n{number}x"} for number, message in enumerate(messages)]
        with _refusing():
            parts, size = [], 0
            for part in self._template.generate(
                messages=stand_ins, add_generation_prompt=True, enable_thinking=False, tools=None, **self._special
            ):
                size += len(part)
                if size > MAX_TEXT:
                    raise OverflowError(say("models.text-too-long"))
                parts.append(part)
        fields = re.split(f"{key}n([0-9]+)x", "".join(parts))
        missing = {str(number) for number in range(len(messages))} - set(fields[1::2])
        if missing or any(key in text for text in fields[::2]):
            raise ModelRefused(say("models.models-chat-template-drops-message"))
        pieces = [
            TemplatePiece(messages[int(field)].content.strip(), False) if place % 2 else TemplatePiece(field, True)
            for place, field in enumerate(fields)
        ]
        return [piece for piece in pieces if piece.text]


def _without_system(messages: Sequence[ChatMessage]) -> list[ChatMessage]:
    """Put what the system says at the head of what the person says next."""
    out: list[ChatMessage] = []
    said: list[str] = []
    for message in messages:
        if message.role == "system":
            said.append(message.content)
        elif message.role == "user" and said:
            out.append(ChatMessage("user", "\n\n".join([*said, message.content])))
            said = []
        else:
            out.append(message)
    return out if not said else [*out, ChatMessage("user", "\n\n".join(said))]


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever a template does wrong, it is the template that is refused."""
    try:
        yield
    except ModelRefused:
        raise
    except Exception as error:  # a template can raise anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelRefused(say("models.models-chat-template-cannot-used", reason=reason)) from error


_METHODS = {
    str: {
        "capitalize", "count", "endswith", "find", "index", "isalpha", "isdigit", "islower", "isspace", "isupper",
        "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rpartition",
        "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title", "upper",
    },
    dict: {"get", "items", "keys", "values"},
    list: {"count", "index"},
}  # fmt: skip
_LOOP = {
    "changed", "cycle", "depth", "depth0", "first", "index", "index0", "last", "length", "nextitem", "previtem",
    "revindex", "revindex0",
}  # fmt: skip
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "int", "items", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "safe", "select",
    "selectattr", "sort", "string", "title", "trim", "unique", "upper",
)  # fmt: skip


def _within(size: int) -> None:
    if size > MAX_TEXT:
        raise OverflowError(say("models.text-too-long"))


def _whole(value: Any) -> Any:
    """A list or dictionary whose parts, and theirs, are not too many: what stands in two places counts twice."""
    items, size, waiting = 0, 0, [value]
    while waiting:
        part = waiting.pop()
        items += 1
        if isinstance(part, str):
            size += len(part)
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            waiting += part
        if items + len(waiting) > 4 * MAX_ITEMS:
            raise OverflowError(say("models.makes-list-too-large"))
        _within(size)
    return value


def _join(values: Any, between: Any = "") -> str:
    separator, texts, size = str(between), [], 0
    for value in values:
        texts.append(str(value))
        size += len(texts[-1]) + len(separator)
        _within(size)
    return separator.join(texts)


def _replace(text: Any, old: Any, new: Any, count: int = -1) -> str:
    text, old, new = str(text), str(old), str(new)
    _within(len(text) + text.count(old) * len(new))
    return str(text.replace(old, new, count))


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent and min(int(indent), 8))


def _indent(text: Any, width: int = 4, first: bool = False, **_: Any) -> str:
    space = " " * max(0, min(int(width), 16))
    lines = str(text).split("\n")
    _within(len(str(text)) + len(lines) * len(space))
    return (space if first else "") + f"\n{space}".join(lines)


def _range(*bounds: int) -> range:
    values = range(*bounds)
    if len(values) > MAX_ITEMS:
        raise OverflowError(say("models.uses-range-too-long"))
    return values


def _now(form: str) -> str:
    from datetime import datetime

    if not re.fullmatch("(?:[^%]|%-?[a-zA-Z%]){,64}", form):  # a width would make it as long as it says
        raise ValueError(say("models.asks-date-unknown-format"))
    return datetime.now().astimezone().strftime(form)


def _raise(message: str) -> None:
    raise ValueError(str(message)[:200])


@cache
def _environment() -> Any:
    """The sandbox, made at its first use: Jinja is not light."""
    from jinja2 import nodes
    from jinja2.ext import Extension, loopcontrols
    from jinja2.parser import Parser
    from jinja2.runtime import LoopContext
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.utils import Namespace
    from jinja2.visitor import NodeTransformer

    class Generation(Extension):
        """``{% generation %}``, with which some templates mark what to train on: says nothing here."""

        tags = {"generation"}  # noqa: RUF012 (as Jinja wants it)

        def parse(self, parser: Parser) -> list[nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    class Measured(NodeTransformer):
        """``a ~ b`` becomes a join, whose size is looked at, and so is that of each list and dictionary written."""

        def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
            super().generic_visit(node, *args, **kwargs)
            if isinstance(node, nodes.List | nodes.Dict) or (isinstance(node, nodes.Tuple) and node.ctx == "load"):
                return nodes.Filter(node, "whole", [], [], None, None, lineno=node.lineno)
            return node

        def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
            parts = nodes.List([self.visit(part) for part in node.nodes], lineno=node.lineno)
            return nodes.Filter(parts, "join", [], [], None, None, lineno=node.lineno)

    class Sandbox(ImmutableSandboxedEnvironment):
        concat = staticmethod(_join)
        intercepted_binops = frozenset({"+", "*", "**", "%"})

        def measured(self, source: str) -> nodes.Template:
            tree: nodes.Template = Measured().visit(self.parse(source))
            tree.set_environment(self)
            return tree

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 (Jinja's signature)
            if isinstance(obj, Namespace):
                return not attr.startswith("_")
            if isinstance(obj, LoopContext):
                return attr in _LOOP
            return any(isinstance(obj, kind) and attr in names for kind, names in _METHODS.items())

        def wrap_str_format(self, value: Any) -> None:
            """No ``format``: the widths in it make texts of any size."""

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "**" or (operator == "%" and not isinstance(left, int)):
                raise OverflowError(say("models.uses-arithmetic-no-template-needs"))
            if operator == "*":
                if not isinstance(left, int | float) or not isinstance(right, int | float):
                    raise OverflowError(say("models.repeats-text"))
                if abs(left) > MAX_TEXT or abs(right) > MAX_TEXT:
                    raise OverflowError(say("models.calculates-huge-numbers"))
            if operator == "+" and hasattr(left, "__len__") and hasattr(right, "__len__"):
                _within(len(left) + len(right))
                return _whole(left + right)
            return super().call_binop(context, operator, left, right)

        def call(self, context: Any, called: Any, *args: Any, **kwargs: Any) -> Any:
            owner = getattr(called, "__self__", None)
            if isinstance(owner, str) and called.__name__ in ("join", "replace"):
                return _replace(owner, *args) if called.__name__ == "replace" else _join(args[0], owner)
            return super().call(context, called, *args, **kwargs)

    environment = Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols], cache_size=0)
    environment.globals = {
        "namespace": Namespace,
        "raise_exception": _raise,
        "range": _range,
        "strftime_now": _now,
    }
    known = environment.filters
    environment.filters = {name: known[name] for name in _FILTERS} | {
        "whole": _whole, "join": _join, "replace": _replace, "tojson": _to_json, "indent": _indent,
    }  # fmt: skip
    return environment
