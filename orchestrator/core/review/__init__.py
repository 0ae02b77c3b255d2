"""Plan × inventory → worklist: every line with a decision and a reason. Knows nothing of runs."""
