"""The stable codes of everything that derive complains of: in catalogs as they are read, of style, in verdicts.

A code keeps its meaning for good; one that is given up is not given to anything else.
"""

from derive.codes.code import Code
from derive.codes.table import FALLBACK, READING, TABLE, find, of_message, of_verdict

__all__ = ["FALLBACK", "READING", "TABLE", "Code", "find", "of_message", "of_verdict"]
