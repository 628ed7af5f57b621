"""Text messages: what is sent, through whom, and what became of it."""
