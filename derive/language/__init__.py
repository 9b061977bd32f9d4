"""The language and its files: from the text of a catalog to formulas. `derive.catalog` puts it to use.

Read in this order: document (YAML with places), schema and entry (what an entry may hold), source (a text
and where it stands), scope (names), indices (what an index runs over), elements, calls and notation (the
rules of the grammar), program (definitions and recurrences), examples and algorithms.
"""
