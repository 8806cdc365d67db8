"""帮扶措施目录: which kinds of help there are, for whom, under which rule (docs/assistance.md)."""
