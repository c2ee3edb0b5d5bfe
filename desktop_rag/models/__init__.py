"""The models: each heavy library is known to one module here, and is imported when it is first needed."""
