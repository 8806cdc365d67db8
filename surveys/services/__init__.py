"""Verbs of surveys. Keyword-only, `by=` is who acts; each checks, locks, writes and records."""
