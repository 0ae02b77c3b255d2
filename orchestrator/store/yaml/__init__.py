"""YAML with the position of every key and value, read in bounded time and memory."""
