"""People, identities, enrolments, connections."""
