"""The child process in which files are parsed, what confines it, and the pool of them."""
