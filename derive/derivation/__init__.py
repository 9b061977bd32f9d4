"""Derivations to read: the steps by which a derivative comes about, and the rules that they take."""
