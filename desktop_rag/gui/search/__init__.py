"""The Search page: results as one types, of every kind of file, and the words, filters and samples that find them."""
