"""Step 8: write it down. The access log: entries, Merkle tree, group commit, checkpoints."""
