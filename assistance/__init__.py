"""What was given, with what money, and what the village got: measures, deliveries, funds, village projects, idle houses (docs/assistance.md)."""
