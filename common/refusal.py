"""What a verb answers where the state of things does not allow it."""


class RefusedError(Exception):
    """The message is one sentence for the user: what is the matter and what to do."""
