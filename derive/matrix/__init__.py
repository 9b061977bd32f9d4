"""Index notation as matrices: X^T (p - y), diag(p) - p p^T, where there is such a form; each is proved equal."""
