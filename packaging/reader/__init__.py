"""Teaches the bundled MiniLM to read: to mark the answer to a question in a passage, or to say that there is none."""
