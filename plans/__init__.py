"""What will be done for a household in a year: plan, goals, tasks, indicators."""
