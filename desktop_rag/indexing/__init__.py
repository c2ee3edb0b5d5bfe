"""Files -> chunks with vectors in the catalog.

``scan`` finds the files, ``plan`` compares them with what is known, ``chunking`` cuts segments into chunks, and
``pipeline`` runs parsing, embedding and storing side by side.
"""
