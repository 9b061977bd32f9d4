"""Expressions as text: the language again, and LaTeX as a textbook has it."""
