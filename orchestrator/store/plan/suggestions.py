"""
Keys in other spellings: snake_case, kebab-case, singular and plural, and the words that people expect. They are mistakes,
and what stands below them is read all the same, so that its mistakes are told in the same pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from pydantic import BaseModel

from orchestrator.store.plan import schema
from orchestrator.store.yaml import nodes as yaml_nodes

MODELS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "": schema.PlanKeys,
        "Targets": schema.TargetKeys,
        "Defaults": schema.DefaultKeys,
        "Products": schema.ProductKeys,
        "Select": schema.SelectKeys,
        "Select.Where": schema.WhereKeys,
        "Protect": schema.ProtectKeys,
        "Limits": schema.LimitKeys,
        "Retry": schema.RetryKeys,
    }
)

EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "account": "AccountId",
        "id": "ProvisionedProductId",
        "productid": "ProvisionedProductId",
        "name": "ProvisionedProductName",
        "provisionedproductname": "Name",
        "owner": "UserArn",
        "age": "OlderThan",
        "older": "OlderThan",
        "younger": "YoungerThan",
        "role": "RoleName",
        "after": "DependsOn",
        "timeout": "TerminationTimeout",
        "tag": "Tags",
    }
)
"""Words that people expect, and the keys that they mean where there is no key of that name."""

KEYS = {place: dict.fromkeys(model.model_fields) for place, model in MODELS.items()}
INNER = {
    place: {inner.rpartition(".")[2] for inner in MODELS if inner != place and inner.rpartition(".")[0] == place}
    for place in MODELS
}
"""Of each place, the keys below which there are keys again."""

SURE = 0.9
LIKELY = 0.7


def respell(root: yaml_nodes.Node) -> Iterator[yaml_nodes.YamlProblem]:
    """
    Give the keys of a plan that are spelled in another way the names that they are meant by.

    Args:

        root: The plan's tree; changed.

    Yields:

        A problem for each such key.
    """
    yield from suggest_within(root, "")


def suggest_within(node: yaml_nodes.Node, place: str) -> Iterator[yaml_nodes.YamlProblem]:
    """Do so below a node, whose keys are those of a place in a plan."""
    if isinstance(node, yaml_nodes.Sequence):
        for item in node.items:
            yield from suggest_within(item, place)
        return
    if not isinstance(node, yaml_nodes.Mapping) or place not in MODELS:
        return
    known = KEYS[place]
    for name in [name for name in node.entries if name not in known]:
        meant = near(name, list(known), SURE)
        if meant is not None and meant not in node.entries:
            hint = f"did you mean `{meant}`?"
            yield yaml_nodes.YamlProblem(position=node.key(name), message=f"unknown key `{name}`", hint=hint)
            node.entries[meant] = node.entries.pop(name)
            node.keys[meant] = node.keys.pop(name)
    for name in INNER[place] & node.entries.keys():
        yield from suggest_within(node.entries[name], f"{place}.{name}" if place else name)


def near(given: str, known: Sequence[str], cutoff: float) -> str | None:
    """Return the known word that was probably meant, None if there is none; *cutoff* is how alike they must be, up to 1."""
    folded = {fold(word): word for word in known}
    expected = EXPECTED.get(fold(given))
    if fold(given) in folded:
        return folded[fold(given)]
    if expected in known:
        return expected
    return next(iter(get_close_matches(given, known, n=1, cutoff=cutoff)), None)


def fold(word: str) -> str:
    """Make spellings of one word equal: PascalCase, snake_case, kebab-case, plural."""
    return word.replace("_", "").replace("-", "").lower().removesuffix("s")


def nearest(given: str, known: Sequence[str]) -> str:
    """Say which of the known keys was probably meant, or which there are."""
    meant = near(given, known, LIKELY)
    return f"did you mean `{meant}`?" if meant else f"the keys here are {', '.join(known)}"
