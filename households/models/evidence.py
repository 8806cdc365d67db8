"""The photos of upper floors: see `common.evidence`."""

from common.evidence import Evidence

__all__ = ["Evidence"]
