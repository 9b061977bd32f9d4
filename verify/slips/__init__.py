"""Edits of an expression, as slips are made in print: to mend a refuted claim, or to spoil a right one."""
