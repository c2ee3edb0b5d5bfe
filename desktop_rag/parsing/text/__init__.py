"""Text as people type it: notes, outlines, source code, and tables written as text."""
