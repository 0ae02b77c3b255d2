"""The nearest valid word to one that is not: other spellings, singular and plural, and the words that people expect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from pydantic import BaseModel

from orchestrator.store.plan import schema

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

LIKELY = 0.7
"""How alike two words must be, up to 1, so that one was probably meant by the other."""


def keys_at(path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the mapping at a path of a plan may have."""
    return list(MODELS[".".join(step for step in path if isinstance(step, str))].model_fields)


def misspelled(given: Iterable[str], known: Sequence[str]) -> set[str]:
    """Return the known keys that stand among those given in another spelling: to call them missing too would mislead."""
    return {meant for name in given if name not in known and (meant := near(name, known))}


def near(given: str, known: Sequence[str]) -> str | None:
    """Return the known word that was probably meant, None if there is none."""
    folded = {fold(word): word for word in known}
    expected = EXPECTED.get(fold(given))
    if fold(given) in folded:
        return folded[fold(given)]
    if expected in known:
        return expected
    return next(iter(get_close_matches(given, known, n=1, cutoff=LIKELY)), None)


def fold(word: str) -> str:
    """Make spellings of one word equal: PascalCase, snake_case, kebab-case, plural."""
    return word.replace("_", "").replace("-", "").lower().removesuffix("s")


def nearest(given: str, known: Sequence[str]) -> str:
    """Say which of the known keys was probably meant, or which there are."""
    meant = near(given, known)
    return f"did you mean `{meant}`?" if meant else f"the keys here are {', '.join(known)}"
