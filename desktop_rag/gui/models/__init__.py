"""The page of the models: what this PC can run, what is here, and how one gets more."""
