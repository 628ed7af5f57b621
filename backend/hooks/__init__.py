"""Webhooks: the alert feed, sent to other systems of a practice as it happens."""
