"""What narrows a question or a search: filters, and the picture or recording it is about."""
