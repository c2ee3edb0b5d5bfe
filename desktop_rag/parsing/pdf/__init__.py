"""PDF: its text in reading order, and the pictures on its pages."""
