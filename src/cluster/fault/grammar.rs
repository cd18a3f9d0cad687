//! The table of all faults: what README, help and errors are made from.

/// Each fault with its grammar, for errors, help and completion.
pub const GRAMMAR: &[(&str, &str)] = &[
    ("node-down NODE", "the machine loses power"),
    ("node-up NODE", "the machine comes back"),
    (
        "partition NODE",
        "the machine runs on, but its kubelet reaches nothing",
    ),
    ("heal NODE", "its network comes back"),
    ("crash POD [CONTAINER]", "a container crashes"),
    (
        "oom POD [CONTAINER]",
        "the kernel ends a container for its memory",
    ),
    (
        "fail-probe POD readiness|liveness|startup [CONTAINER]",
        "the probe fails from now on",
    ),
    (
        "mend-probe POD readiness|liveness|startup [CONTAINER]",
        "the probe succeeds again",
    ),
    (
        "fill-disk NODE [PERCENT]",
        "files of no pod fill the disk of a machine, to 90 % if not said; 0 ends it",
    ),
    (
        "load-step KIND/NAME CPU [DURATION]",
        "so much work for processors comes for 2m if not said, shared among its running pods; 0 ends it",
    ),
    (
        "slow-registry DURATION [FACTOR]",
        "images arrive slowly for a while",
    ),
    (
        "missing-image IMAGE",
        "the registry has the image no longer",
    ),
    ("restore-image IMAGE", "the registry has it again"),
    (
        "slow-disk DURATION [LATENCY]",
        "every write to the store takes its time for a while",
    ),
    (
        "compact",
        "the store forgets old revisions: who must go back gets 410 and lists again",
    ),
    ("restart COMPONENT", "a component crashes and starts again"),
    ("stop COMPONENT", "a component is switched off"),
    ("start COMPONENT", "a component is switched on again"),
    (
        "pause COMPONENT",
        "it works no more but still hears: its queue grows",
    ),
    ("resume COMPONENT", "it works again"),
    (
        "slow COMPONENT DELAY",
        "all that it sets about begins later; 0 ends it",
    ),
    (
        "expectations off|on COMPONENT",
        "a controller no longer waits to see its own writes",
    ),
    (
        "cut-watch COMPONENT [KIND]",
        "a component loses its watches for a moment",
    ),
    (
        "delay-watch COMPONENT DELAY [KIND]",
        "what it watches arrives later; 0 ends it",
    ),
    (
        "drop-events COMPONENT [COUNT]",
        "the next events never arrive, which etcd does not do; it lists again after 10 s",
    ),
    (
        "duplicate-events COMPONENT [COUNT]",
        "the next events arrive twice",
    ),
    (
        "reorder-events COMPONENT [COUNT]",
        "the next events change places, which etcd does not do; it lists again after 10 s",
    ),
    (
        "second-client KIND/NAME [TIMES]",
        "another client reads the object and writes all of it back",
    ),
    (
        "two-writers KIND/NAME",
        "two clients read the same revision and write: one gets 409",
    ),
];
