"""Where everything is kept: SQLite is the truth, Chroma a cache of it.

``catalog`` holds files, documents, chunk text and vectors; ``vectors`` (the only module that knows chromadb) the same
vectors for quick search, under the chunk's id and nothing else; ``lock`` gives a library to one process.
"""
