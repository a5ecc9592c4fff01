"""The core of Evantr: it knows no web framework and no queue library."""
