"""
The JSON Schema of plans, for editors and other validators.

It is generated from the models that plans are read with, so that the two cannot differ. What a schema cannot express, such
as rules between entries, only `orchestrator validate` checks.
"""

from __future__ import annotations

from typing import Any

from orchestrator.core.values.durations import format_duration
from orchestrator.store.plan.fields import DURATION_FORM
from orchestrator.store.plan.schema import SOURCES, PlanKeys

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DESCRIPTIONS = {
    "Version": "The version of the plan's format: 1.",
    "Targets": "Accounts with their regions. Left out: the account and region of the environment's credentials.",
    "AccountId": "An account: twelve digits, in quotes. A target's must be the one that the credentials belong to.",
    "Regions": "Regions of the account.",
    "RoleName": "A role of the account to assume.",
    "RoleArn": "The same, by its ARN.",
    "Profile": "A profile of your AWS configuration to enter with.",
    "ExternalId": "What has to be said to assume the role.",
    "RoleSessionName": "What CloudTrail shows for the assumed role. Default: servicecatalog-orchestrator.",
    "Defaults": "Options for every product that does not say otherwise.",
    "Products": "The products to terminate.",
    "ProvisionedProductId": "The product, by its id, which is unique.",
    "ProvisionedProductName": "The product, by its name, looked up once at review; or by its ARN.",
    "Region": "The region that the product is in.",
    "Key": "A name for the entry, for DependsOn.",
    "DependsOn": "Terminated only after these are gone: ids, names or Keys of entries; globs over names in the lane.",
    "IgnoreErrors": "The API's parameter: the catalog forgets the product even if its resources could not be deleted.",
    "RetainPhysicalResources": "The API's parameter: only the provisioned product goes, stack and resources stay.",
    "AcceptLanguage": "The API's parameter.",
    "TerminationTimeout": "Still in progress after this, the product is timed out, and the run goes on.",
    "ProductsFrom": "Files of further products beside the plan: CSV with a heading of the keys of a product (several "
    "words of DependsOn separated by spaces), or JSON Lines.",
    "Select": "Products that are not named one by one: all that fit when the plan is reviewed. A product's own entry wins.",
    "Where": "What they have to be like: every key that is there must fit, one word of each is enough.",
    "Name": "Of the plan: names journals and locks. In a condition: names of provisioned products, as globs.",
    "Status": "Statuses. In Where the default is AVAILABLE, TAINTED and ERROR.",
    "Tags": "Tags with their values, to the letter or as globs.",
    "ProductName": "Globs over the name of the product in the catalog that it was provisioned from.",
    "ProductId": "Ids of products in the catalog.",
    "Type": "Types.",
    "UserArn": "Globs over the ARN of who provisioned it.",
    "OlderThan": "Provisioned longer ago than this.",
    "YoungerThan": "Provisioned less long ago than this.",
    "After": "Notice: a product is terminated only once it has been selected in reviews for this long. The first time "
    "is kept in the state directory, so reviews and runs have to share that.",
    "Protect": "What is never terminated, whoever names it. An entry with nothing but AccountId protects whole accounts. "
    "The tags sc-orchestrator:protect=true and sc-orchestrator:protect-until=DATE protect a product in any plan.",
    "Limits": "Safety belts.",
    "MaxPercent": "Of what a lane holds; a larger share, and the run does not begin.",
    "MaxTerminations": "More than this, and the run does not begin.",
    "FailureTolerance": "Failures accepted: a number, or a share of the terminations. One more, and nothing new starts.",
    "InFlight": "Terminations under way at once, in each lane.",
    "RatePerSecond": "Terminations per second at most, in each lane. null: as fast as AWS allows.",
    "Deadline": "Nothing new starts after this.",
    "Retry": "What happens after a termination has failed.",
    "Attempts": "Terminations tried per product, the first included.",
    "Backoff": "Wait up to this long after a failure, twice as long after the next.",
}


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan."""
    schema = {"$schema": DIALECT} | PlanKeys.model_json_schema() | {"title": "A plan of orchestrator"}
    describe_keys(schema)
    schema["anyOf"] = [{"required": [key]} for key in SOURCES]
    definitions = schema["$defs"]
    for conditions in (definitions["WhereKeys"], definitions["ProtectKeys"]):
        conditions["minProperties"] = 1
        allow_single_words(conditions["properties"])
    definitions["ProductKeys"]["oneOf"] = [
        {"required": ["ProvisionedProductId"]},
        {"required": ["ProvisionedProductName"]},
    ]
    ways = ["RoleName", "RoleArn", "Profile"]
    definitions["TargetKeys"]["allOf"] = [
        {"not": {"required": [one, other]}} for index, one in enumerate(ways) for other in ways[index + 1 :]
    ]
    return schema


def describe_keys(schema: dict[str, Any]) -> None:
    """Add descriptions, write defaults as in a plan, and drop the titles that pydantic adds."""
    for name, key in properties_of(schema):
        key.pop("title", None)
        key["description"] = DESCRIPTIONS[name]
        if name == "FailureTolerance":
            key["default"] = "10%"
        elif "default" in key and (key["default"] in (None, []) or "$ref" in key) and name != "RatePerSecond":
            del key["default"]
        elif key.get("pattern") == DURATION_FORM and "default" in key:
            key["default"] = format_duration(key["default"])
    for model in ("ProductKeys", "SelectKeys"):
        for key in schema["$defs"][model]["properties"].values():
            # The plan's Defaults come before what is built in.
            key.pop("default", None)
    for definition in schema["$defs"].values():
        definition.pop("title", None)


def allow_single_words(properties: dict[str, Any]) -> None:
    """Allow a single word instead of a list, as the reader does."""
    for name, key in properties.items():
        if name == "Tags":
            allow_single_words({"": key["additionalProperties"]})
        elif key.get("type") == "array":
            several = {what: key.pop(what) for what in ("type", "items", "minItems")}
            key["anyOf"] = [several["items"], several]


def properties_of(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and the schema of every key of a plan."""
    models = [schema, *schema["$defs"].values()]
    return [(name, key) for model in models for name, key in model.get("properties", {}).items()]
