"""Every change of plans is a verb here. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""
