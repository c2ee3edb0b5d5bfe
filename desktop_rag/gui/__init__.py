"""The window: a client of the engine process that loads no model and opens no database."""
