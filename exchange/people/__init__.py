"""Sheets of the people who help: 帮扶责任人结对查询 (family G2) and lists of helpers and resident teams (the helper sheet of family C)."""
