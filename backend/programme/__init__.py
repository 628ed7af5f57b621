"""Modules, care plans, and moving between grades."""
