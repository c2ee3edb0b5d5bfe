"""The Models page: what this PC can run, what is installed, and how to get more."""
