"""The row of filters under a question and above search results."""
