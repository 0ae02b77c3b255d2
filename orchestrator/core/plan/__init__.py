"""What a person asked for, and what is wrong with it; asks AWS nothing."""
