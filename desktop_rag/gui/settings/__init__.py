"""The Settings page: what is read and how, how the window looks, and privacy."""
