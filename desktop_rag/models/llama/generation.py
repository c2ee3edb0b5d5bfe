"""A model that answers: from messages to a stream of text, with the past of the conversation kept."""

from __future__ import annotations

import ctypes
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from desktop_rag.errors import ModelError, ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.llama.chat_template import CHATML, PLAIN, PLAIN_STOP, ChatTemplate
from desktop_rag.models.llama.loaded_model import LlamaDescription, LlamaSettings, Model
from desktop_rag.models.llama.markers import CLOSED, Brackets, MarkerMask
from desktop_rag.models.llama.messages import ChatEnd, ChatMessage, ChatPiece
from desktop_rag.models.llama.token_text import THINKING, VisibleText

TOP_P = 0.95
MIN_P = 0.05
_TALK, _ASIDE = 0, 1
"""llama.cpp's numbers for the texts it keeps the past of."""


class Chat(Model):
    """A model that answers, and what it remembers of the conversation so far."""

    def __init__(self, settings: LlamaSettings, native: Any, warnings: deque[str]) -> None:
        super().__init__(settings, native, warnings)
        self._texts = self.token_texts()
        self._brackets = Brackets(self._texts)
        self._masks: dict[int, MarkerMask] = {}
        self._ends = {t for t in range(self.size) if self.native.llama_vocab_is_eog(self.vocab, t)}
        self._remembered: tuple[list[int], list[int]] = ([], [])  # the tokens of the conversation, and of an aside
        self._make_batches()
        self._choose_template()

    def _choose_template(self) -> None:
        source = self.native.llama_model_chat_template(self.model, None)
        bos, eos = (
            self.native.llama_vocab_get_text(self.vocab, token).decode("utf-8", "replace") if token >= 0 else ""
            for token in (self.native.llama_vocab_bos(self.vocab), self.native.llama_vocab_eos(self.vocab))
        )
        self._stop: tuple[str, ...] = ()
        self._form: Literal["own", "chatml", "plain"] = "own"
        self._why = "" if source else say("models.models-file-no-chat-template")
        if source:
            try:
                self.template = ChatTemplate(source.decode("utf-8", "replace"), bos=bos, eos=eos)
                return
            except ModelRefused as refused:
                self._why = refused.message
        opening = self.tokens("<|im_start|>", special=True)
        if self.is_control(opening[-1]):
            self._form, self.template = "chatml", ChatTemplate(CHATML)
        else:
            self._form, self.template, self._stop = "plain", ChatTemplate(PLAIN), PLAIN_STOP

    def _make_batches(self) -> None:
        """What llama.cpp is given tokens in, for each of the two texts. Where they stand, it finds out by itself."""
        native = self.native
        self._tokens = (native.llama_token * self.batch)()
        ones = (ctypes.c_int32 * self.batch)(*[1] * self.batch)
        self._batches = []
        for text in (_TALK, _ASIDE):
            number = native.llama_seq_id(text)
            pointers = (ctypes.POINTER(native.llama_seq_id) * self.batch)(*[ctypes.pointer(number)] * self.batch)
            self._batches.append(native.llama_batch(token=self._tokens, n_seq_id=ones, seq_id=pointers))

    def describe(self) -> LlamaDescription:
        return LlamaDescription(self.name, self.context, self.dim, self.size, self._form, self._why)

    def complete(
        self,
        messages: Sequence[ChatMessage],
        cancelled: threading.Event,
        *,
        markers: int,
        max_tokens: int,
        temperature: float,
        seed: int,
        stop: Sequence[str],
        aside: bool,
    ) -> Iterator[ChatPiece | ChatEnd]:
        """Answer the last message, see ``chat.ChatModel.stream``; ``first_token_s`` counts from here."""
        started = time.perf_counter()
        pieces = self.template.pieces(messages)
        tokens = self.prompt_tokens(pieces)
        room = self.context - len(tokens)
        if room < 1:
            raise ModelError(
                say(
                    "models.question-passages-take-tokens-but-room",
                    count=len(tokens),
                    name=self.name,
                    context=self.context,
                ),
                say("models.use-fewer-passages-start-new-conversation"),
            )
        mask = None
        if markers > 0:
            mask = self._masks.setdefault(markers, MarkerMask(self._brackets, markers))
        thinking = pieces[-1].own and pieces[-1].text.rstrip().endswith(THINKING)
        text = VisibleText((*self._stop, *stop), markers=mask is not None, thinking=thinking)
        cached = self._begin_aside(len(tokens) + max_tokens) if aside else self._recall(tokens)
        number = _ASIDE if aside else _TALK
        sampler = self._sampler(temperature, seed) if temperature > 0 else None
        made, state, first = 0, CLOSED, 0.0
        reason: Literal["stop", "length", "cancelled"] = "length"
        try:
            ready = self._evaluate(tokens[cached:], number, cancelled)
            if not ready:
                reason = "cancelled"
            while ready and made < min(max_tokens, room):
                token = self._next(sampler, mask, state)
                first = first or time.perf_counter()
                if token in self._ends:
                    reason = "stop"
                    break
                made += 1
                if mask is not None:
                    state = mask.after(state, self._texts[token]) or CLOSED
                if piece := text.feed(self._texts[token]):
                    yield ChatPiece(piece)
                if text.stopped or cancelled.is_set():
                    reason = "stop" if text.stopped else "cancelled"
                    break
                if made < min(max_tokens, room):
                    self._read([token], number)
        except ModelError:
            self._forget()
            raise
        finally:
            if sampler is not None:
                self.native.llama_sampler_free(sampler)
            if aside:
                self.native.llama_memory_seq_rm(self.memory, _ASIDE, -1, -1)
                self._remembered[_ASIDE].clear()
        if piece := text.end():
            yield ChatPiece(piece)
        ended = time.perf_counter()
        speed = (made - 1) / (ended - first) if made > 1 else 0.0
        yield ChatEnd(len(tokens), cached, made, (first or ended) - started, speed, reason)

    def _begin_aside(self, tokens: int) -> int:
        """Have room for so many beside the conversation, which is forgotten if there is none; an aside begins anew."""
        if len(self._remembered[_TALK]) + tokens > self.context:
            self._forget()
        return 0

    def _recall(self, tokens: Sequence[int]) -> int:
        """Keep what the last prompt and answer have in common with these tokens; return how many that is."""
        remembered = self._remembered[_TALK]
        common = 0
        # The last token is evaluated again: without it there is nothing to go on from.
        for here, there in zip(remembered, tokens[:-1], strict=False):
            if here != there:
                break
            common += 1
        if common < len(remembered):
            # A recurrent model's past cannot be cut: it starts anew.
            if common and self.native.llama_memory_seq_rm(self.memory, _TALK, common, -1):
                del remembered[common:]
            else:
                self._forget()
                common = 0
        return common

    def _forget(self) -> None:
        self.native.llama_memory_clear(self.memory, True)
        for remembered in self._remembered:
            remembered.clear()

    def _evaluate(self, tokens: Sequence[int], number: int, cancelled: threading.Event) -> bool:
        """Read a prompt, batch by batch; False when cancelled before its end."""
        for begin in range(0, len(tokens), self.batch):
            if cancelled.is_set():
                return False
            self._read(tokens[begin : begin + self.batch], number)
        return not cancelled.is_set()

    def _read(self, tokens: Sequence[int], number: int) -> None:
        self._tokens[: len(tokens)] = tokens
        self._batches[number].n_tokens = len(tokens)
        self.decode(self._batches[number])
        self._remembered[number].extend(tokens)

    def _next(self, sampler: Any, mask: MarkerMask | None, state: bytes) -> int:
        import numpy as np

        if mask is None and sampler is not None:
            return int(self.native.llama_sampler_sample(sampler, self.handle, -1))
        logits = np.ctypeslib.as_array(self.native.llama_get_logits_ith(self.handle, -1), (self.size,))
        if mask is not None and state == CLOSED:
            logits[mask.forbidden()] = -np.inf
        elif mask is not None:
            kept = logits[mask.allowed(state)]
            logits.fill(-np.inf)
            logits[mask.allowed(state)] = kept
        if sampler is None:
            return int(logits.argmax())
        return int(self.native.llama_sampler_sample(sampler, self.handle, -1))

    def _sampler(self, temperature: float, seed: int) -> Any:
        native = self.native
        chain = native.llama_sampler_chain_init(native.llama_sampler_chain_default_params())
        for sampler in (
            native.llama_sampler_init_top_p(TOP_P, 1),
            native.llama_sampler_init_min_p(MIN_P, 1),
            native.llama_sampler_init_temp(temperature),
            native.llama_sampler_init_dist(seed & 0xFFFFFFFF),
        ):
            native.llama_sampler_chain_add(chain, sampler)
        return chain
