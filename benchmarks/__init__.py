"""Speed as ratios against floors taken in the same run, with the memory used. `make bench` runs all of it."""
