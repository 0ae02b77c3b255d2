"""The composition, called as a library user does."""
