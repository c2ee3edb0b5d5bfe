"""The Ask page: conversations, answers as they are written, and their sources."""
