"""The schemas of the roles, built when a role first asks and kept until the policy changes."""

from graphql import GraphQLSchema

from gateway.schema.build import of, sdl
from gateway.values import Role, Visibility


class RoleSchemas:
    """Role → schema. Holds at most one schema per role: that of the newest visibility asked for."""

    def __init__(self) -> None:
        self._built: dict[Role, tuple[str, GraphQLSchema]] = {}
        self._texts: dict[Role, tuple[GraphQLSchema, str]] = {}

    def of(self, visibility: Visibility) -> GraphQLSchema:
        """The schema of a role under one policy version."""
        found = self._built.get(visibility.role)
        if found is not None and found[0] == visibility.version:
            return found[1]
        schema = of(visibility)
        self._built[visibility.role] = (visibility.version, schema)
        return schema

    def text(self, visibility: Visibility) -> str:
        """The schema of a role as SDL, printed once."""
        schema = self.of(visibility)
        found = self._texts.get(visibility.role)
        if found is None or found[0] is not schema:
            found = self._texts[visibility.role] = schema, sdl(schema)
        return found[1]
