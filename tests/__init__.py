"""
Tests mirror the package. `fakes` has the doubles of the ports, `makers` builds values, `driving` runs a whole run on them.
"""
