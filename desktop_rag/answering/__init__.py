"""Passages -> an answer whose every sentence can be checked.

``extract`` quotes the best sentences (no language model needed), ``confidence`` decides whether they answer at all.
"""
