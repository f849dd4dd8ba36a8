"""The error that tools raise for problems that the user can fix."""


class ToolError(Exception):
    """Something outside this project is missing or failed; the message says what, and what to do next."""
