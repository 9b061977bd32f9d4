"""Programs as array code in Python: what NumPy, PyTorch and JAX have in common, and where they differ."""
