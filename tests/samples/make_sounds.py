"""Makes the sample recordings and films: ``python -m tests.samples.make_sounds``. The same bytes each time."""

from __future__ import annotations

from pathlib import Path

from tests.tiny.sounds import write_sound

SAMPLES = Path(__file__).parent


def main() -> None:
    """Write them beside this file."""
    for folder in ("mp3", "mp4"):
        (SAMPLES / folder).mkdir(exist_ok=True)
    write_sound(
        SAMPLES / "mp3" / "tea shop opening.mp3",
        seconds=3,
        rate=24_000,
        channels=1,
        tags={
            "title": "The tea shop opens",
            "artist": "Ada Vale",
            "album": "Harbour Street",
            "comment": "Oolong at ten",
        },
    )
    write_sound(
        SAMPLES / "mp4" / "tea shop tour.mp4",
        seconds=3,
        rate=24_000,
        channels=1,
        video=True,
        tags={"title": "A tour of the tea shop", "comment": "Kettles, scales and the window seat"},
    )


if __name__ == "__main__":
    main()
