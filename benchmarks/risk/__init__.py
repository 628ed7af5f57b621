"""The trajectory rule on a simulated cohort: who is found, how soon, and at what cost of alerts."""
