"""Triage, the provider feed, and what is done about an alert."""
