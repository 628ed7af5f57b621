"""What every part stands on: database session, clock, identity, problems, audit trail."""
