"""Pictures of coverage and of comparisons: in a terminal, and as figures."""
