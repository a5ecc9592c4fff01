"""What only a real MongoDB can show. Deselected where there is none: docs/operations.md, "Tests on a real MongoDB"."""
