"""The content check, held against files that are broken on purpose."""
