"""
The gateway: the only package that knows boto.

`connect` makes sessions and clients, `catalog` is the API as we use it, `keys` holds every key to the lane's account,
`faults` turns everything that can go wrong into a reply. Imports `ports` and `core`; imported by `api` only. boto3 is
imported here and nowhere else, since it alone is most of the start-up time.
"""
