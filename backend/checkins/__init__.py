"""The weekly schedule: windows, reminders due, and the one road for answers."""
