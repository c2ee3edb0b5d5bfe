"""What a library can be asked: searches, answers, documents, status."""
