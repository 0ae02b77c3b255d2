"""What holds for all tests."""

from hypothesis import settings

# How long an example takes says something about the machine only.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
