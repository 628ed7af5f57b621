"""The patient's web pages."""
