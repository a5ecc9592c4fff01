"""What one of each costs: a subscription, an entry, a feed, a pull, a share, an open page. See __main__."""
