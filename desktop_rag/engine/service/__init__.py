"""The engine across processes: server, client, supervisor, and what travels between them."""
