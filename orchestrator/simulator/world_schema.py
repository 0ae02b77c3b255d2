"""The JSON Schema of world files, made from the models that read them."""

from __future__ import annotations

from typing import Any

from orchestrator.simulator.world_file import WorldSpec

WORLD_DIALECT = "https://json-schema.org/draft/2020-12/schema"

WORLD_DESCRIPTIONS = {
    "Seed": "What is drawn by lot is drawn from this number.",
    "Speed": "How many times faster than ours the world's time goes.",
    "Account": "An account. At the top: the one that the client's own credentials lead to.",
    "Region": "A region. At the top: the one of what is listed there.",
    "Lanes": "Further accounts and regions, with what they hold.",
    "Accounts": "Who may do what in which account.",
    "UnderChangeCode": "The error code for a termination of a product that is under change; the real one is not known.",
    "SearchLag": "The search shows products as they were this many seconds ago.",
    "LookupLag": "DescribeProvisionedProduct shows a product as it was this many seconds ago.",
    "RecordLag": "DescribeRecord shows a record as it was this many seconds ago; a younger record is not found.",
    "HistoryLag": "ListRecordHistory shows records as they were this many seconds ago, and leaves out younger ones.",
    "ClockOffset": "Seconds that the service's clock is ahead of ours, in dates and in the times of products and records.",
    "DateHeader": "The Date header of answers: `honest` gives the service's time, `absent` leaves it out, `cached` repeats"
    " the first one, with an Age.",
    "Tokens": "How a repeated termination token is treated: `remembered` answers the same record while the"
    " termination is in progress, `forgotten` treats it as a new token, `refused` refuses it.",
    "Quotas": "How fast operations may be called; those that are not named have no quota.",
    "Rate": "Calls per second.",
    "Burst": "Calls that may come at once after a pause.",
    "Products": "The provisioned products.",
    "Crowd": "Many products alike.",
    "Faults": "Trouble with calls.",
    "Id": "The product's id.",
    "Name": "Its name; unique while it lives.",
    "Type": "CFN_STACK, CFN_STACKSET, TERRAFORM_OPEN_SOURCE, TERRAFORM_CLOUD, EXTERNAL, CONTROL_TOWER_ACCOUNT, or another.",
    "Status": "AVAILABLE, TAINTED, ERROR, UNDER_CHANGE, PLAN_IN_PROGRESS, or any other. In a fault: the HTTP status.",
    "Age": "How many days ago it was provisioned.",
    "Duration": "Seconds that a termination takes; in a crowd the least and the most. Left out: 1 to 4, by the seed.",
    "Terminations": "How its terminations end, one after another; the last one repeats.",
    "Error": "The error of a termination that FAILED.",
    "Code": "The error's code.",
    "Description": "The error's words; {stack} becomes the name of the stack.",
    "StatusMessage": "Its status message. A termination that FAILED replaces it by its error.",
    "IdempotencyToken": "The token that it was provisioned with.",
    "ProvisioningArtifactId": "The version in the catalog that it was provisioned from.",
    "ProvisioningArtifactName": "The name of that version.",
    "PathId": "The launch path that it was provisioned by.",
    "LaunchRoleArn": "Its launch role. Left out: none.",
    "UserArnSession": "The ARN of the session that provisioned it. Left out: its UserArn.",
    "HiddenRecords": "Whether its records are hidden: DescribeRecord is denied, and histories leave them out.",
    "AppearsAt": "Seconds after the world began at which someone provisions it. Left out: it exists from the beginning.",
    "RenamedAt": "Seconds after the world began at which it gets a new name.",
    "RenamedTo": "The new name.",
    "UpdatedAt": "Seconds after the world began at which someone updates it.",
    "UpdateLasts": "Seconds that this update keeps it UNDER_CHANGE.",
    "TerminatedAt": "Seconds after the world began at which someone terminates it.",
    "Change": "What keeps it UNDER_CHANGE at the beginning, for its Duration.",
    "Tags": "Its tags.",
    "ProductId": "The product in the catalog that it was provisioned from.",
    "ProductName": "The name of that.",
    "UserArn": "Who provisioned it. Left out: a role of the account.",
    "HiddenFromSearch": "Whether the search misses it (seen of the real one).",
    "Follows": "The product in whose place, and under whose name, this one comes as soon as that one is gone.",
    "OwnedBy": "The closest level of access at which the caller may see it.",
    "Count": "How many.",
    "Prefix": "How their ids and names begin.",
    "FailOnce": "The share of them whose first termination FAILED.",
    "Operation": "The operation that it happens to.",
    "Product": "Only with calls about this product.",
    "Do": "What happens: the answer is lost, the connection is reset before the request is carried out, or hangs after, the"
    " answer is cut, empty or garbled, another one or an error is answered, it takes a while, or the answer is lost at once"
    " and the request is carried out late. Of several, one is drawn.",
    "Share": "The share of the calls that it happens to; which, is drawn by the seed.",
    "After": "How many calls go well first.",
    "Times": "How many calls it happens to; once if neither this nor a share is given.",
    "Message": "The error's words.",
    "Body": "What is answered instead.",
    "Paging": "How pages go wrong.",
    "Skip": "The share of products that a page leaves out, if nothing sorts the pages.",
    "Repeat": "The share of products that the next page shows again, if nothing sorts the pages.",
    "Empty": "The share of pages that are empty although more products or records follow.",
    "Endless": "The listings whose pages never end.",
    "SameToken": "Whether the answer to a page token holds the same token again.",
    "Course": "The statuses that the records of its terminations have on their way, after CREATED.",
    "FailedBefore": "How many of its terminations have FAILED in the night before.",
    "Seconds": "How long a delay is, or how late a request is carried out.",
    "Alias": "The account's alias.",
    "Roles": "The roles that may be assumed, by name. Left out: any.",
    "ExternalId": "What has to be said to assume one.",
    "Access": "The highest level of an access level filter that callers have a right to.",
    "Deny": "Operations that are denied.",
    "CredentialsLast": "Seconds that the credentials of an assumed role last.",
}


def world_schema() -> dict[str, Any]:
    """Return the JSON Schema of a world file."""
    schema = {"$schema": WORLD_DIALECT} | WorldSpec.model_json_schema() | {"title": "A world of orchestrator's simulator"}
    for model in (schema, *schema["$defs"].values()):
        if model is not schema:
            model.pop("title", None)
        for name, key in model.get("properties", {}).items():
            key.pop("title", None)
            key["description"] = WORLD_DESCRIPTIONS[name]
            if "default" in key and key["default"] is None:
                del key["default"]
    return schema
