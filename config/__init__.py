"""The race as planned: race files, rosters, category tables, past winners. Knows nothing that runs."""
