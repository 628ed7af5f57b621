"""Practices and their providers: tenancy, sign-in, roles."""
