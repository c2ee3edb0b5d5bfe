"""The setup on first start: choose files, choose models, ask the first question."""
