"""Step 3, what they may see: the policy files compiled by Casbin into a Visibility, and the Decision drawn from it."""
