"""A small site of several feeds on a loopback address, to try Evantr without the internet."""
