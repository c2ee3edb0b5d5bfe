"""Now, by the clock on the person's wall: in the system's time zone with its rules, and not only today's offset."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def local_zone() -> tzinfo:
    """The system's time zone. Where it has no name (``TZ=CET-1CEST``), the offset that holds now."""
    from tzlocal import get_localzone

    try:
        return get_localzone()
    except (LookupError, ValueError, OSError):
        return datetime.now().astimezone().tzinfo or UTC


def zoned(moment: datetime) -> datetime:
    """A moment that names no zone by the clock of the system, with the offset that holds then; any other as it is."""
    if moment.tzinfo:
        return moment
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):  # OSError: Windows knows no zones before 1970
        return moment.replace(tzinfo=UTC)


def locally(moment: datetime) -> datetime:
    """A moment by the clock of the system, with the offset that holds then."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment


def local_now() -> datetime:
    return datetime.now(local_zone())
