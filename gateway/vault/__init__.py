"""Step 6, open: keys, sealed values, blind indexes, masks, opaque ids."""
