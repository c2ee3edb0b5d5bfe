"""The texts and drawings of the sample library, one module a family of formats; ``make_samples.py`` runs them all."""
