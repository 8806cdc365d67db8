"""Pages of accounts: one's own (`own`), and those one looks after (`others`)."""
