"""``Engine``: the one public API of everything below the command line and the window."""
