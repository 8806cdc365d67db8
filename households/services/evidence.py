"""The machinery of photos as evidence, by the name upper floors know it: see `common.evidence`."""

from common.evidence import checker_of, note_fresh, put_evidence, with_pictures

__all__ = ["checker_of", "note_fresh", "put_evidence", "with_pictures"]
