"""The functions that perform the calls of the API, one for each: see ``engine.call`` and ``handlers.registry``."""
