"""The stable codes of everything that derive complains of: in catalogs as they are read, of style, in verdicts.

A code keeps its meaning for good; one that is given up is not given to anything else.
"""

from derive.codes.table import READING, TABLE, find, of_message, of_verdict

__all__ = ["READING", "TABLE", "find", "of_message", "of_verdict"]
