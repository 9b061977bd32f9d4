"""The short form of a derivative, as a person would write it: `shortest` tries several and proves what it returns.

Read in this order: names (subexpressions under names of their own), grouping (a normal form put together again),
shortest (which forms are tried, and which is taken).
"""
