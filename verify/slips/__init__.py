"""Slips as they are made in print: to spoil a right claim, or to mend one that is refuted."""
