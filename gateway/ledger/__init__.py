"""What is made of the log: rows to read it by, proofs, months that are closed, and who may look, is told, or waits."""
