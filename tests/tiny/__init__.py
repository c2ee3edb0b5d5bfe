"""Makes tiny files of models: real ones, that the real libraries load."""
