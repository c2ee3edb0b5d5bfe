"""Asking: conversations, answers as they are written, and what they stand on."""
