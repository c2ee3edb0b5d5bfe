"""The page of the library: what is watched, every file and what became of it, and what keeps it all well."""
