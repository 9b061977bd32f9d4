"""Index notation compiled to NumPy, and derivatives by differences. `verify.differences` judges by it.

Read in this order: labelled (arrays with named axes), arrays with sums, subscripts, elementwise,
recurrences and quadrature, then stencils and measurement (values with an estimated error).
"""
