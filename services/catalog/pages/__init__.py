"""What the public sees of the catalog: what there is, found by what one looks for, and each microcredential whole."""
