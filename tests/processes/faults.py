"""The rows of the fault table."""

from __future__ import annotations

import signal

from tests.processes.fault_table import (
    AGAIN,
    DOCTOR,
    FOR_EVER,
    HOME,
    NOTHING,
    OTHER,
    RECORD,
    RESUME,
    REVIEW,
    SCAN,
    TERMINATE,
    Fault,
    changed_account,
    closed_stdout,
    corrupt_nightly,
    corrupt_notices,
    corrupt_resumed,
    cut,
    endpoint_dies,
    endpoint_is_down,
    full_disk,
    interrupted,
    killed,
    moved,
    no_space,
    product,
    read_only,
    second_at_once,
    stale_lock,
    trouble,
)

STACK = "cannot be deleted while TerminationProtection is enabled"
SLOW = [product("a", Duration=4)]
LONG = [product("a", Duration=600)]
TARGETS = [{"AccountId": account, "Regions": ["eu-west-1"], "RoleName": "Janitor"} for account in (HOME, OTHER)]
TWO_LANES = {"Lanes": [{"Account": OTHER, "Region": "eu-west-1", "Products": [product("b")]}]}
BOTH = [{"ProvisionedProductId": "pp-a"}, {"ProvisionedProductId": "pp-b", "AccountId": OTHER}]

ANSWERS = [
    Fault(
        name="calls are throttled",
        world={
            "Faults": [
                trouble("error", SCAN, Status=400, Code="ThrottlingException", Message="Rate exceeded"),
                trouble("error", Status=400, Code="ThrottlingException", Message="Rate exceeded"),
                trouble("error", Status=429, Code="TooManyRequestsException", Message="slow down"),
            ]
        },
        said=["1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="a request or its answer is lost, cut, empty, garbled, a proxy's page, or a 5xx",
        products=[product(do.replace("_", "-")) for do in ("reset", "lose_answer", "cut", "truncate", "garble", "answer")],
        world={
            "Faults": [
                trouble(do, Product=f"pp-{do.replace('_', '-')}")
                for do in ("reset", "lose_answer", "cut", "truncate", "garble", "answer")
            ]
        },
        said=["unanswered", "6 terminated", " 0 in doubt"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="an answer never comes",
        world={"Faults": [trouble("hang")]},
        said=["unanswered", "ReadTimeoutError", "1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="an answer takes its time",
        world={"Faults": [trouble("delay", Seconds=3)]},
        said=["1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="a request stays unanswered, five times",
        world={"Faults": [trouble("error", Status=503, Times=5)]},
        said=["1 product in doubt, sent and not known how it ended:", "5 sends stayed unanswered"],
        code=4,
        on=RESUME,
        then=0,
    ),
    Fault(
        name="AWS refuses a termination, for whatever reason",
        world={"Faults": [trouble("error", Status=400, Code="OddException", Message="odd")]},
        said=["1 product failed:", "rejected OddException: odd"],
        code=1,
        on=AGAIN,
        then=0,
    ),
    Fault(
        name="a termination FAILED, and the next attempt succeeds",
        products=[product("a", "FAILED", "SUCCEEDED")],
        said=["attempt failed", STACK, "1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="a termination FAILED in each attempt, whatever course its record takes",
        products=[
            product("a", "FAILED", "FAILED", "SUCCEEDED", Course=[]),
            product("b", "FAILED", "FAILED", "SUCCEEDED", Duration=1, Course=["IN_PROGRESS", "IN_PROGRESS_IN_ERROR"]),
        ],
        plan={"Limits": {"FailureTolerance": 2}},
        said=["2 products failed:", "FAILED", STACK],
        code=1,
        on=AGAIN,
        then=0,
    ),
    Fault(
        name="it has FAILED last night, and its record is still there",
        products=[product("a", FailedBefore=2, Status="TAINTED")],
        said=["1 terminated, 0 failed"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="a product never gets anywhere",
        products=[product("a", "NEVER"), product("b")],
        plan={"Limits": {"TerminationTimeout": "2s"}},
        said=["1 product stuck, still under way after the TerminationTimeout:", "is still IN_PROGRESS", "1 terminated"],
        code=4,
        on=AGAIN,
        then=4,
    ),
    Fault(
        name="what comes before it failed",
        products=[product("a", "FAILED"), product("b")],
        plan={
            "Products": [
                {"ProvisionedProductId": "pp-a"},
                {"ProvisionedProductId": "pp-b", "DependsOn": ["pp-a"]},
            ],
            "Retry": {"Attempts": 1},
        },
        said=["1 product blocked:", "its prerequisite a (pp-a) is failed"],
        code=1,
        on=AGAIN,
        then=1,
    ),
]

OTHERS = [
    Fault(
        name="its owner is updating it",
        products=[product("a", Change="UPDATE_PROVISIONED_PRODUCT", Duration=4)],
        said=["1 product refused:", "it is under change by rec-"],
        code=1,
        on=REVIEW,
        then=0,
    ),
    Fault(
        name="somebody else is terminating it",
        products=[product("a", Change="TERMINATE_PROVISIONED_PRODUCT", Duration=3)],
        said=["its termination is already under way by rec-", "it is followed, not sent", "1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="its status or type is one that nobody knows",
        products=[product("a", Status="NEW_STATUS"), product("b", Type="NEW_TYPE")],
        said=["2 products refused:", "its status NEW_STATUS is not known", "its type NEW_TYPE is not known"],
        code=1,
        on=REVIEW,
    ),
    Fault(
        name="another product takes its name",
        products=[product("a"), {"Id": "pp-new", "Follows": "pp-a"}],
        said=["1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="not one product of the plan is there",
        world={"Products": []},
        said=["Not one product of this plan was found or has ever been seen. Is it the right account and region?"],
        code=1,
        on="correct the plan, or the credentials",
    ),
]

READS = [
    Fault(
        name="the search lags behind, and pages repeat products",
        products=[product(f"{n:02d}") for n in range(45)],
        world={"SearchLag": 5, "Paging": {"Repeat": 0.2}},
        plan={"Products": [{"ProvisionedProductId": f"pp-{n:02d}"} for n in range(3)]},
        said=["3 terminated", " 0 refused"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="pages of a listing skip products",
        products=[product(f"{n:02d}") for n in range(45)],
        world={"Paging": {"Skip": 0.1}},
        plan={"Products": [{"ProvisionedProductId": f"pp-{n:02d}"} for n in range(45)], "Limits": {"MaxTerminations": 45}},
        said=["45 terminated", " 0 refused"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="a listing leaves a product out each time",
        products=[product("a", HiddenFromSearch=True)],
        said=["1 product refused:", "the complete listing shows it and the search does not"],
        code=1,
        on=REVIEW,
    ),
    Fault(
        name="the listing of a lane breaks off on its third page",
        products=[product("a"), *(product(f"c{n:02d}") for n in range(60))],
        world=TWO_LANES | {"Faults": [trouble("error", SCAN, After=2, Times=FOR_EVER)]},
        plan={"Targets": TARGETS, "Products": BOTH},
        said=["1 product refused:", "lane 111122223333/eu-west-1 could not be read completely", "1 terminated"],
        code=1,
        on=REVIEW,
    ),
    Fault(
        name="no lane can be listed to the end",
        products=[product(f"{n:02d}") for n in range(25)],
        world={"Faults": [trouble("error", SCAN, After=1, Times=FOR_EVER)]},
        said=["no lane could be read completely, so nothing may be concluded and nothing was begun"],
        code=3,
        on=DOCTOR,
    ),
]

ACCESS = [
    Fault(
        name="no region, or no credentials",
        env={"AWS_DEFAULT_REGION": ""},
        said=["no region is set; set AWS_DEFAULT_REGION, or `region` in your AWS profile".replace("`", "")],
        code=5,
        on="set them",
    ),
    Fault(
        name="the endpoint cannot be reached",
        inject=endpoint_is_down,
        said=["cannot tell who the credentials belong to", "nothing was begun"],
        code=5,
        on=DOCTOR,
    ),
    Fault(
        name="the credentials are another account's",
        plan={"Targets": [{"AccountId": "999999999999", "Regions": ["eu-west-1"]}]},
        said=["wrong account; nothing was begun"],
        code=3,
        on=DOCTOR,
    ),
    Fault(
        name="an account of several cannot be entered",
        world=TWO_LANES | {"Accounts": {OTHER: {"Roles": []}}},
        plan={"Targets": TARGETS, "Products": BOTH},
        said=["1 product refused:", "is not authorized to perform: sts:AssumeRole", "1 terminated"],
        code=1,
        on=REVIEW,
    ),
    Fault(
        name="one may see one's own products only",
        world={"Accounts": {HOME: {"Access": "User"}}},
        said=["is not authorized to perform: servicecatalog:ScanProvisionedProducts"],
        code=5,
        on=DOCTOR,
    ),
    Fault(
        name="one may not terminate",
        products=[product(f"{n}") for n in range(5)],
        world={"Accounts": {HOME: {"Deny": [TERMINATE]}}},
        plan={"Limits": {"RatePerSecond": 2, "FailureTolerance": 5}},
        said=["products refused:", "the right servicecatalog:TerminateProvisionedProduct is missing"],
        code=1,
        on=AGAIN,
    ),
    Fault(
        name="the credentials of a role expire",
        products=[product("a", Duration=4)],
        world={"Accounts": {HOME: {"CredentialsLast": 2}}},
        plan={"Targets": TARGETS[:1]},
        said=["1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="credentials expire that cannot be renewed",
        products=[product("a", Duration=1)],
        world={"Faults": [trouble("error", RECORD, Status=400, Code="ExpiredTokenException")]},
        said=["was given up: its credentials are no longer accepted"],
        code=4,
        on=RESUME,
        then=0,
    ),
    Fault(
        name="renewed credentials are another account's",
        products=LONG,
        world=TWO_LANES,
        plan={"Targets": [{"AccountId": HOME, "Regions": ["eu-west-1"], "Profile": "renewed"}]},
        inject=changed_account,
        said=["its credentials are no longer accepted: wrong account: they belong to account", "1 in doubt"],
        code=4,
        on=RESUME,
    ),
    Fault(
        name="the endpoint dies in the middle of a run",
        products=LONG,
        plan={"Limits": {"Deadline": "4s"}},
        inject=endpoint_dies,
        said=["1 product in progress when the program stopped following:", "record rec-"],
        code=4,
        on=RESUME,
        then=5,
    ),
]

BOUNDS = [
    Fault(
        name="the plan has a mistake",
        plan={"Product": []},
        said=["unknown key `Product`".replace("`", ""), "did you mean"],
        code=2,
        on="`orchestrator validate PLAN`",
    ),
    Fault(
        name="more would be terminated than the plan's MaxTerminations",
        products=[product("a"), product("b")],
        plan={"Limits": {"MaxTerminations": 1}},
        said=["2 products would be terminated, and the plan's MaxTerminations allows 1"],
        code=3,
        on="raise it, if that is meant",
    ),
    Fault(
        name="nobody said yes",
        arguments=["--strict"],
        said=["1 termination would need a yes, and there is no terminal to ask on; pass --yes"],
        code=3,
        on="say it",
    ),
    Fault(
        name="more failures than the plan's FailureTolerance",
        products=[product(f"{n}", "FAILED", "SUCCEEDED") for n in range(6)],
        plan={"Limits": {"FailureTolerance": 1, "RatePerSecond": 2}, "Retry": {"Attempts": 1}},
        said=["products not begun, or not begun again:", "never sent", "and the plan's FailureTolerance allows 1"],
        code=4,
        on=RESUME,
    ),
    Fault(
        name="the plan's Deadline passes",
        products=SLOW,
        plan={"Limits": {"Deadline": "1s"}},
        arguments=["--yes", "--grace", "1s"],
        said=["1 product in progress when the program stopped following:", "the plan's Deadline has passed"],
        code=4,
        on=RESUME,
    ),
    *(
        Fault(
            name=f"{number.name}{' (Ctrl-C)' if number is signal.SIGINT else ''}",
            products=SLOW,
            inject=interrupted(number),
            said=[f"Nothing new was started any more: {number.name} was received"],
            code=128 + number,
            on=RESUME,
            then=0,
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ),
    Fault(
        name="a second Ctrl-C",
        products=SLOW,
        inject=interrupted(signal.SIGINT, signal.SIGINT),
        said=["Left at once."],
        code=130,
        on=RESUME,
        then=0,
    ),
    Fault(
        name="nobody reads its stdout any more",
        products=[product("a", Duration=1)],
        inject=closed_stdout,
        said=["terminated"],
        code=0,
        on=NOTHING,
    ),
]

JOURNAL = [
    Fault(
        name="the program is killed, or the machine stops (shown by the next run)",
        products=SLOW,
        inject=killed,
        said=["an earlier run of the plan `test` is unfinished".replace("`", "")],
        code=4,
        on=RESUME,
        then=0,
    ),
    Fault(
        name="the journal's last line is half written",
        products=SLOW,
        inject=cut,
        said=["1 terminated"],
        code=0,
        on=NOTHING,
    ),
    Fault(
        name="the journal was changed",
        products=LONG,
        inject=corrupt_resumed,
        said=["the journal cannot be trusted: its checksum does not fit"],
        code=7,
        on="`orchestrator abandon JOURNAL --reason TEXT`",
        then=0,
    ),
    Fault(
        name="a nightly `run --resume` meets a journal that was changed",
        products=SLOW,
        inject=corrupt_nightly,
        said=["the journal cannot be trusted: its checksum does not fit", "It was set aside as", "1 terminated"],
        code=7,
        on="nothing to do; the journal is kept as `*.corrupt`",
    ),
    Fault(
        name="a nightly `run --resume` meets notices (`After`) that were changed",
        plan={"Select": [{"Where": {"Name": "sbx-*"}, "After": "7d"}]},
        inject=corrupt_notices,
        said=["the notices cannot be trusted: ", "They were set aside as", "every notice begins anew", "1 terminated"],
        code=7,
        on="nothing to do; what was there is kept as `*.corrupt`",
    ),
    Fault(
        name="a run is resumed at another endpoint",
        products=LONG,
        inject=moved,
        said=["the run was begun at http://127.0.0.1:", "set the same endpoint as then"],
        code=3,
        on="set it",
    ),
    Fault(
        name="the disk fills up in the middle of a run",
        products=[product(f"{n:02d}", Duration=2) for n in range(30)],
        plan={"Limits": {"RatePerSecond": 10}},
        inject=full_disk,
        said=["cannot be written: No space left on device; it is as it was before"],
        code=7,
        on=RESUME,
        then=0,
    ),
    Fault(
        name="there is too little room for the journal",
        inject=no_space,
        said=["KiB free, and the journal may need", "make room first"],
        code=7,
        on="make room",
    ),
    Fault(
        name="the state directory is read-only",
        inject=read_only,
        said=["cannot be locked: Read-only file system"],
        code=7,
        on="choose another with `--state-dir`",
    ),
    Fault(
        name="another run of the plan, or in its lanes, is going on",
        products=LONG,
        inject=second_at_once,
        said=["is in use by run", "since 20", "nothing was begun"],
        code=6,
        on="wait, or `orchestrator stop`",
    ),
    Fault(
        name="a lock is left by a program that is gone",
        products=SLOW,
        inject=stale_lock,
        said=["1 terminated"],
        code=0,
        on=NOTHING,
    ),
]

FAULTS = [*ANSWERS, *OTHERS, *READS, *ACCESS, *BOUNDS, *JOURNAL]
