"""The one error that tools raise for what their user can mend."""


class ToolError(Exception):
    """Something outside this project is missing or failed; the message says what, and what to do next."""
