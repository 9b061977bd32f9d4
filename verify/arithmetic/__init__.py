"""Ball arithmetic: both sides of a claim at exact points, to any number of digits. `verify.exact` judges by it.

Read in this order: balls, elementary and positions (labelled arrays of balls), reverse (derivatives),
tensors, evaluation, reductions and moments (what a formula is worth at a point), branches, reach and
straddling (which cases a point has met), comparison and decimals.
"""
