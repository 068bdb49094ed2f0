"""Circuit equations as scalar functions in SI units, each with its source; no loops, no state."""
