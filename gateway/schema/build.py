"""of: the GraphQL schema of one role. sdl: its text."""

from graphql import GraphQLInputObjectType, GraphQLSchema, print_schema
from strawberry import Schema
from strawberry.schema.config import StrawberryConfig

from gateway.schema.events import subscription
from gateway.schema.mutations import mutation
from gateway.schema.roots import Roots
from gateway.schema.scalars import SCALARS
from gateway.schema.types import Types
from gateway.schema.vocabulary import Vocabulary
from gateway.values import ActionName, Visibility


def build(never: frozenset[str], may: frozenset[ActionName] = frozenset()) -> GraphQLSchema:
    """The schema in which the coordinates of ``never`` (``person``, ``penalty.remark``) do not exist.

    Of the actions only those of ``may`` exist; without any there is no Mutation.

    Whatever only they led to is gone too: roots, links, filters, inputs, enums, and types left without a field. The
    same set always gives the same schema. Takes some tens of milliseconds: build when a role first asks, and keep.
    """
    words = Vocabulary()
    types = Types(never, words)
    query = Roots(types, words).query()
    acts = mutation(may, words)
    config = StrawberryConfig(auto_camel_case=False, disable_field_suggestions=True, scalar_map=SCALARS)
    told = subscription(types)
    made = Schema(query=query, mutation=acts, subscription=told, types=types.all_nodes(), config=config)
    schema = made._schema
    for item in schema.type_map.values():
        if isinstance(item, GraphQLInputObjectType):
            # Strawberry checks `@oneOf` by a rule of its own; told so, graphql-core checks and prints it itself.
            item.is_one_of = item.extensions["strawberry-definition"].is_one_of
    return schema


def of(visibility: Visibility) -> GraphQLSchema:
    """The schema of a role: what it may ever see and do, and nothing else."""
    return build(visibility.never, frozenset(visibility.permits))


def sdl(schema: GraphQLSchema) -> str:
    """The schema in the Schema Definition Language."""
    return print_schema(schema)
