"""What is there, how completely it was read, and what lookups say about one product."""
