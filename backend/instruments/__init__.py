"""Questionnaires, the answers to them, and their scores."""
