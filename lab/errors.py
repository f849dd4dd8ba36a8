"""The lab's one error type."""


class LabError(Exception):
    """A mistake or a lack that the user can mend; the message says where, what, and what to do next."""
