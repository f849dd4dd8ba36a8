"""Text of files for hosts. Nothing is decided here."""
