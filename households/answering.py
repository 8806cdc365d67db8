"""How pages answer a form, by the name the floors above know it: see `common.answering`."""

from common.answering import CONFLICT, INVALID, attempt, form_status, posted, put_errors

__all__ = ["CONFLICT", "INVALID", "attempt", "form_status", "posted", "put_errors"]
