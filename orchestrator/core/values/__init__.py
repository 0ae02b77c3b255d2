"""Single values and how they are written. Imports nothing of ours."""
