"""The models on this PC and those that can be fetched: listed, downloaded, checked, installed."""
