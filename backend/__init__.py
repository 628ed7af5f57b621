"""Lumbra: graded self-management for low back pain, with a safety net for the practice."""

__version__ = "0.1.0"
