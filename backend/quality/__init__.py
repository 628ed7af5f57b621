"""What providers were trained in, how they consult, and whether the programme was carried out."""
