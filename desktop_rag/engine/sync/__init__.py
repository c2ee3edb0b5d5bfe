"""Keeping a library in step with the disk: what a live engine does by itself."""
