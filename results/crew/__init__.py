"""The crew's facts of a running race, as values ready for JSON, and their words. Pure: shown by pages elsewhere."""
