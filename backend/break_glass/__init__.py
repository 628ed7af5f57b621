"""Another practice's patient in an emergency: with a reason, for a while, to read only."""
