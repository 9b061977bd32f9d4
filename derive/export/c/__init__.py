"""Programs as C99: loops over the elements of dense arrays."""
