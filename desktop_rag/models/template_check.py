"""Tries a chat template before its model is installed, in a short-lived process: one that hangs is ended with it."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

from msgspec import Struct

from desktop_rag.errors import ModelCrashed, ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.runtime.process import ModelProcess

_MEMORY_BYTES = 2 * 1024**3
_HINT = "Choose another model, or another version of this one."


class TemplateCheckSettings(Struct, frozen=True):
    source: str


def open_model(settings: TemplateCheckSettings) -> None:
    """In the child: try the template. One that only fails does no harm: its model gets a common form of prompt."""
    from desktop_rag.models.llama.chat_template import ChatTemplate

    _limit_memory()
    with suppress(ModelRefused):
        ChatTemplate(settings.source)


@lru_cache(maxsize=64)
def check_template(source: str) -> None:
    """Raises ``ModelRefused`` for a chat template that takes too long, or that the process does not survive."""
    process = ModelProcess(__name__, TemplateCheckSettings(source), name="its chat template")
    try:
        process.load()
    except ModelCrashed as error:
        raise ModelRefused(say("models.models-chat-template-crashes-what-reads"), _HINT) from error
    except ModelRefused as error:
        raise ModelRefused(error.message, _HINT) from error
    finally:
        process.close()


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows knows no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


SETTINGS = TemplateCheckSettings
