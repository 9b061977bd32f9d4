"""The algebra of index expressions: normal forms, the zero test, induction. `derive.proof` puts it to use.

Read in this order: polynomial (what a normal form is), normal (how an expression becomes one), factors,
powers, cases, sums with components and contraction, binders, onehot; relations and signs (what is known
of atoms); zero (when a normal form vanishes); generic and singular (where a step may not be taken);
induction.
"""
