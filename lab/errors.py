"""The error type of the lab."""


class LabError(Exception):
    """A problem that the user can fix; the message says where it is, what it is, and what to do next."""
