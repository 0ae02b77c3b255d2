"""
What is there, how completely it was read, and what lookups say about one product.

`model` has products, records and the inventory of a lane; `calls` what is asked of AWS and what comes back; `listing` reads
a lane page by page; `evidence` says what lookups mean for a product whose request is in doubt or that has changed.
"""
