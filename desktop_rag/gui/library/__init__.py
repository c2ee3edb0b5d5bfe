"""The Library page: folders, the state of every file, and maintenance."""
