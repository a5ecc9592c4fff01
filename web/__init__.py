"""Pages: what a person sees. Thin: a request is parsed, services are called, HTML is drawn."""
