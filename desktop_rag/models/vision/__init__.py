"""Models that look at pictures: open_clip, and text recognition."""
