"""
The gateway: the only package that knows boto.

`sessions` makes sessions and clients, `assume_role` enters other accounts, `catalog` is the API as we use it, `parse` reads
answers, `credential_guard` holds every key to the lane's account, `errors` turns all that can go wrong into an outcome.
Imports `ports` and `core`; imported by `api` only. boto3 is imported here and nowhere else, since it alone is most of the
start-up time.
"""
