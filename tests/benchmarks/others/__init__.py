"""The same job done with other frameworks, each in a process of its own and in the environment ``.venv-bench``."""
