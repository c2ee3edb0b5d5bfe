"""Web pages and books made of them, and data in JSON and XML."""
