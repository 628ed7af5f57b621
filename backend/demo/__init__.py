"""A practice to try things with: a seeded cohort played through the public API."""
