"""How the programme is carried out: the twenty figures of the process evaluation."""
