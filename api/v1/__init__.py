"""/api/v1: one small file per resource. Each handler is thin: input → service → JSON."""
