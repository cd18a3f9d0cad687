//! The table of kubectl's verbs, each with its flags.

use super::flags::{Flag, Takes, Verb, flag, short, verb};

pub(super) const NAMESPACE: Flag = short('n', "namespace", Takes::Text);
const FILENAME: Flag = short('f', "filename", Takes::List);
const SELECTOR: Flag = short('l', "selector", Takes::Text);
const FIELD_SELECTOR: Flag = flag("field-selector", Takes::Text);
const ALL: Flag = flag("all", Takes::Switch);
const ALL_NAMESPACES: Flag = short('A', "all-namespaces", Takes::Switch);
const OUTPUT: Flag = short('o', "output", Takes::Text);
const OVERWRITE: Flag = flag("overwrite", Takes::Switch);
const IMAGE: Flag = flag("image", Takes::Each);
const REPLICAS: Flag = flag("replicas", Takes::Number);
const PORT: Flag = flag("port", Takes::Number);

const CHANGING: &[Flag] = &[
    SELECTOR,
    FIELD_SELECTOR,
    ALL,
    ALL_NAMESPACES,
    OVERWRITE,
    FILENAME,
];
const ROLLOUT: &[Flag] = &[SELECTOR, FILENAME];

/// All verbs, in the order of their words.
pub(super) const VERBS: &[Verb] = &[
    verb("annotate", CHANGING),
    verb("api-resources", &[]),
    verb(
        "apply",
        &[
            FILENAME,
            flag("server-side", Takes::Switch),
            flag("force-conflicts", Takes::Switch),
        ],
    ),
    verb(
        "autoscale",
        &[
            flag("min", Takes::Number),
            flag("max", Takes::Number),
            flag("cpu", Takes::Text),
            flag("cpu-percent", Takes::Number),
            flag("name", Takes::Text),
        ],
    ),
    verb("cordon", &[SELECTOR]),
    verb("create", &[FILENAME]),
    Verb {
        aliases: &["cm"],
        ..verb(
            "create configmap",
            &[flag("from-literal", Takes::Each), OUTPUT],
        )
    },
    Verb {
        aliases: &["cj"],
        ..verb(
            "create cronjob",
            &[
                IMAGE,
                flag("schedule", Takes::Text),
                flag("restart", Takes::Text),
                OUTPUT,
            ],
        )
    },
    Verb {
        aliases: &["deploy"],
        ..verb(
            "create deployment",
            &[IMAGE, short('r', "replicas", Takes::Number), PORT, OUTPUT],
        )
    },
    verb("create job", &[IMAGE, OUTPUT]),
    Verb {
        aliases: &["ns"],
        ..verb("create namespace", &[OUTPUT])
    },
    Verb {
        aliases: &["pdb"],
        ..verb(
            "create poddisruptionbudget",
            &[
                flag("min-available", Takes::Text),
                flag("max-unavailable", Takes::Text),
                SELECTOR,
                OUTPUT,
            ],
        )
    },
    Verb {
        aliases: &["pc"],
        ..verb(
            "create priorityclass",
            &[
                flag("value", Takes::Number),
                flag("global-default", Takes::Switch),
                flag("description", Takes::Text),
                flag("preemption-policy", Takes::Text),
                OUTPUT,
            ],
        )
    },
    Verb {
        aliases: &["resourcequota"],
        ..verb(
            "create quota",
            &[
                flag("hard", Takes::Text),
                flag("scopes", Takes::Text),
                OUTPUT,
            ],
        )
    },
    verb(
        "create secret",
        &[
            flag("from-literal", Takes::Each),
            flag("type", Takes::Text),
            OUTPUT,
        ],
    ),
    Verb {
        aliases: &["svc"],
        ..verb(
            "create service",
            &[
                flag("tcp", Takes::List),
                flag("node-port", Takes::Number),
                flag("clusterip", Takes::Text),
                flag("external-name", Takes::Text),
                OUTPUT,
            ],
        )
    },
    Verb {
        aliases: &["sa"],
        ..verb("create serviceaccount", &[OUTPUT])
    },
    verb(
        "delete",
        &[
            FILENAME,
            SELECTOR,
            FIELD_SELECTOR,
            ALL,
            ALL_NAMESPACES,
            OUTPUT,
            flag("grace-period", Takes::Number),
            flag("force", Takes::Switch),
            flag("now", Takes::Switch),
            flag("ignore-not-found", Takes::Switch),
            flag("wait", Takes::Switch),
            flag("cascade", Takes::Optional("background")),
        ],
    ),
    verb("describe", &[SELECTOR, ALL_NAMESPACES, FILENAME]),
    verb("diff", &[FILENAME]),
    verb(
        "drain",
        &[
            SELECTOR,
            flag("pod-selector", Takes::Text),
            flag("ignore-daemonsets", Takes::Switch),
            flag("delete-emptydir-data", Takes::Switch),
            flag("force", Takes::Switch),
            flag("disable-eviction", Takes::Switch),
            flag("grace-period", Takes::Number),
            flag("timeout", Takes::Text),
        ],
    ),
    verb(
        "edit",
        &[
            FILENAME,
            OUTPUT,
            flag("subresource", Takes::Text),
            flag("output-patch", Takes::Switch),
        ],
    ),
    verb(
        "events",
        &[
            ALL_NAMESPACES,
            flag("for", Takes::Text),
            flag("types", Takes::List),
            flag("no-headers", Takes::Switch),
        ],
    ),
    verb("explain", &[flag("recursive", Takes::Switch)]),
    verb(
        "expose",
        &[
            PORT,
            flag("target-port", Takes::Text),
            flag("protocol", Takes::Text),
            flag("type", Takes::Text),
            flag("name", Takes::Text),
        ],
    ),
    verb(
        "get",
        &[
            OUTPUT,
            SELECTOR,
            FIELD_SELECTOR,
            ALL_NAMESPACES,
            FILENAME,
            short('L', "label-columns", Takes::List),
            flag("show-labels", Takes::Switch),
            flag("show-managed-fields", Takes::Switch),
            flag("no-headers", Takes::Switch),
            flag("ignore-not-found", Takes::Switch),
            flag("sort-by", Takes::Text),
            short('w', "watch", Takes::Switch),
            flag("watch-only", Takes::Switch),
        ],
    ),
    verb("label", CHANGING),
    verb(
        "logs",
        &[
            SELECTOR,
            short('c', "container", Takes::Text),
            flag("all-containers", Takes::Switch),
            short('p', "previous", Takes::Switch),
            short('f', "follow", Takes::Switch),
            flag("tail", Takes::Number),
            flag("since", Takes::Text),
            flag("timestamps", Takes::Switch),
            flag("prefix", Takes::Switch),
        ],
    ),
    verb(
        "patch",
        &[
            short('p', "patch", Takes::Text),
            flag("type", Takes::Text),
            flag("subresource", Takes::Text),
            FILENAME,
        ],
    ),
    verb("replace", &[FILENAME, flag("force", Takes::Switch)]),
    verb(
        "rollout history",
        &[SELECTOR, FILENAME, flag("revision", Takes::Number)],
    ),
    verb("rollout pause", ROLLOUT),
    verb("rollout restart", ROLLOUT),
    verb("rollout resume", ROLLOUT),
    verb(
        "rollout status",
        &[
            SELECTOR,
            FILENAME,
            short('w', "watch", Takes::Switch),
            flag("revision", Takes::Number),
        ],
    ),
    verb(
        "rollout undo",
        &[SELECTOR, FILENAME, flag("to-revision", Takes::Number)],
    ),
    verb(
        "run",
        &[
            IMAGE,
            PORT,
            short('l', "labels", Takes::List),
            flag("env", Takes::Each),
            flag("restart", Takes::Text),
            flag("command", Takes::Switch),
            OUTPUT,
        ],
    ),
    verb(
        "scale",
        &[
            REPLICAS,
            flag("current-replicas", Takes::Number),
            SELECTOR,
            ALL,
            FILENAME,
        ],
    ),
    verb(
        "set env",
        &[
            SELECTOR,
            ALL,
            FILENAME,
            short('c', "containers", Takes::Text),
        ],
    ),
    verb("set image", &[SELECTOR, ALL, FILENAME]),
    verb(
        "set resources",
        &[
            SELECTOR,
            ALL,
            FILENAME,
            short('c', "containers", Takes::Text),
            flag("limits", Takes::List),
            flag("requests", Takes::List),
        ],
    ),
    verb("set selector", &[ALL, FILENAME]),
    Verb {
        aliases: &["sa"],
        ..verb("set serviceaccount", &[ALL, FILENAME])
    },
    verb("taint", &[SELECTOR, ALL, OVERWRITE]),
    Verb {
        aliases: &["nodes", "no"],
        ..verb(
            "top node",
            &[
                SELECTOR,
                flag("sort-by", Takes::Text),
                flag("no-headers", Takes::Switch),
            ],
        )
    },
    Verb {
        aliases: &["pods", "po"],
        ..verb(
            "top pod",
            &[
                SELECTOR,
                FIELD_SELECTOR,
                ALL_NAMESPACES,
                flag("containers", Takes::Switch),
                flag("sort-by", Takes::Text),
                flag("no-headers", Takes::Switch),
                flag("sum", Takes::Switch),
            ],
        )
    },
    verb("uncordon", &[SELECTOR]),
    verb("version", &[]),
    verb(
        "wait",
        &[
            SELECTOR,
            FIELD_SELECTOR,
            ALL,
            ALL_NAMESPACES,
            FILENAME,
            flag("for", Takes::Text),
            flag("timeout", Takes::Text),
        ],
    ),
];
