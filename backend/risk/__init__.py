"""Safety, stratification, factors, response index and trajectory."""
