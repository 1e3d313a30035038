"""The GraphQL schema of each role, derived from the catalogue by Strawberry."""
