"""Every change of assistance is a verb here. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""
