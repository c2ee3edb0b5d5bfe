"""The first minutes: which files, which models, and the first question."""
