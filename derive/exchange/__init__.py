"""Formulas handed out as SymPy expressions: symbols for every size, scalars written out at given sizes."""
