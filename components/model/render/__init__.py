"""Pure functions from the specification to the text of files."""
