"""The Search page: results of every kind of file, as the person types."""
