"""Patients, their enrolment and consent, how they sign in, and their rights over their data."""
