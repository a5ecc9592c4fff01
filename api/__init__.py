"""The HTTP interface for programs, and what the pages share with it: middleware, sign-in, errors."""
