"""Our questionnaires in a form renderer that is not ours: LHC-Forms of the U.S. NLM."""
