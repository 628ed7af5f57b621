"""Offline first: what devices tell later, and what they need to go on without a connection."""
