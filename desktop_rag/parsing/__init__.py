"""A file -> segments, attachments, metadata and problems.

``formats`` is the table of what is read by which module; ``detect`` decides what a file is; ``tree`` parses a file and
everything inside it; ``sandbox`` does that in a child process with time and memory caps. Every other module reads one
family of formats.
"""

PARSER_VERSION = "3"
"""Changes whenever a parser would yield something else for the same bytes; files are then indexed again."""
