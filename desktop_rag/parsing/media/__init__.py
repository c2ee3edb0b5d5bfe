"""Pictures, recordings and films: what their files say about them, and what is handed on to be read or heard."""
