"""
Files: plans in, journals in and out, worklists, notices, locks.

`yaml` and `plan` turn a file into a plan; `journal` keeps a run's history; `formats` has every name that is on disk, and
`codec` turns values into lines and back by it; `state_dir` knows where things are, `locks` keeps two runs apart. Imports
`ports` and `core`; imported by `api`, and by commands that need nothing else.
"""
