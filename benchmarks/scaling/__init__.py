"""What a system of some size takes, reckoned from the measured unit costs and stated assumptions. See __main__."""
