"""Algorithms of the sources as plain NumPy functions, each with the laws that it is held to."""
