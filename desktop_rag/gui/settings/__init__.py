"""The settings, in plain words: what is read and how, how the window looks, and what never leaves this PC."""
