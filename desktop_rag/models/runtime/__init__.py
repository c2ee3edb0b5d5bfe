"""Models while they run: a process for each, and one memory budget over all of them."""
