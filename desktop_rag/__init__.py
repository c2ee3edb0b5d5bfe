"""Desktop RAG: answers a person's questions from their own files, on their own PC.

The folders are the path the data takes: ``parsing`` turns a file into segments, ``indexing`` into chunks and vectors,
``storage`` keeps them, ``retrieval`` finds them again, ``answering`` quotes them; ``engine`` is the one public API of
all that, and ``cli`` one way to meet it.
"""

__version__ = "0.1.0"
