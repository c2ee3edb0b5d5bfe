"""A question -> filters and query vector -> candidates of keyword and dense search -> one ranking -> passages."""
