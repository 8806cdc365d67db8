"""Every change of visits, rules and duties is a verb here. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""
