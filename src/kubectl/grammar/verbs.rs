//! The table of kubectl's verbs: what each is called, which flags it takes here, and which of kubectl's
//! own flags it lacks.
//!
//! A flag is written as on a line, with its short letter in front: `o/output=` takes a text, `=,` a list
//! divided by commas, `=+` a text each time that it is given, `=#` a whole number; `dry-run[=client]`
//! means `client` when nothing follows; without any of these it is a switch.

/// One verb: its words and its flags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verb {
    /// One word, or two for the members of a group.
    pub(super) words: &'static str,
    /// Other names of its last word.
    pub(super) aliases: &'static [&'static str],
    /// Its own flags.
    pub(super) flags: &'static [&'static str],
    /// Further flags of kubectl's that are not here.
    pub(super) lacks: &'static str,
    /// The flags that it shares with others of its sort.
    pub(super) shared: &'static str,
}

/// What the verbs that make or change objects have besides their own.
const WRITING: &str = "dry-run[=client] field-manager= o/output=";
/// What the verbs have that try and print, but show nothing else.
const TRYING: &str = "dry-run[=client]";

/// Flags of kubectl that concern any of its verbs, or the way to the API server, and are not here.
pub(super) const NOWHERE: &str = "allow-missing-template-keys as as-group as-uid as-user-extra cache-dir \
    certificate-authority client-certificate client-key cluster context disable-compression \
    insecure-skip-tls-verify k/kustomize kubeconfig kuberc log-flush-frequency match-server-version \
    password profile profile-output R/recursive record request-timeout s/server template tls-server-name token \
    user username v/v vmodule warnings-as-errors";

const fn writes(words: &'static str, flags: &'static [&'static str]) -> Verb {
    Verb {
        shared: WRITING,
        ..reads(words, flags)
    }
}

const fn tries(words: &'static str, flags: &'static [&'static str]) -> Verb {
    Verb {
        shared: TRYING,
        ..reads(words, flags)
    }
}

const fn reads(words: &'static str, flags: &'static [&'static str]) -> Verb {
    Verb {
        words,
        aliases: &[],
        flags,
        lacks: "",
        shared: "",
    }
}

impl Verb {
    /// Whether it makes or changes objects.
    pub(super) fn writes(&self) -> bool {
        self.shared == WRITING
    }

    const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn lacks(self, lacks: &'static str) -> Self {
        Self { lacks, ..self }
    }
}

const FILES: &str = "f/filename=,";
const SELECTED: &str = "l/selector= all f/filename=,";
const EVERYWHERE: &str = "A/all-namespaces";
const FIELDS: &str = "field-selector=";
const CHANGING: &[&str] = &[SELECTED, FIELDS, EVERYWHERE, "overwrite list"];
const ROLLOUT: &[&str] = &["l/selector= f/filename=,"];

/// All verbs, in the order of their words.
pub(super) const VERBS: &[Verb] = &[
    writes("annotate", CHANGING).lacks("local resource-version show-managed-fields"),
    reads("api-resources", &[]).lacks("api-group cached categories namespaced no-headers output sort-by verbs"),
    writes("apply", &[FILES, "server-side force-conflicts validate[=strict]"]).lacks(
        "all cascade force grace-period openapi-patch overwrite prune prune-allowlist l/selector \
         show-managed-fields subresource timeout wait",
    ),
    reads("apply view-last-applied", &[SELECTED, "o/output="]),
    writes("autoscale", &["min=# max=# cpu= cpu-percent=# name="]).lacks("filename memory save-config"),
    tries("cordon", &["l/selector="]),
    writes("create", &[FILES]).lacks(
        "edit raw save-config l/selector show-managed-fields validate windows-line-endings",
    ),
    writes("create configmap", &["from-literal=+ from-file=+ from-env-file=+"]).or(&["cm"]).lacks("append-hash save-config validate"),
    writes("create cronjob", &["image=+ schedule= restart="]).or(&["cj"]).lacks("save-config validate"),
    writes("create deployment", &["image=+ r/replicas=# port=#"]).or(&["deploy"]).lacks("save-config validate"),
    writes("create job", &["image=+ from="]).lacks("save-config validate"),
    writes("create namespace", &[]).or(&["ns"]).lacks("save-config validate"),
    writes("create poddisruptionbudget", &["min-available= max-unavailable= l/selector="]).or(&["pdb"]).lacks("save-config validate"),
    writes("create priorityclass", &["value=# global-default description= preemption-policy="]).or(&["pc"]).lacks("save-config validate"),
    writes("create quota", &["hard= scopes="]).or(&["resourcequota"]).lacks("save-config validate"),
    writes(
        "create secret",
        &[
            "from-literal=+ from-file=+ from-env-file=+ type=",
            "docker-server= docker-username= docker-password= docker-email= cert= key=",
        ],
    )
    .lacks("append-hash save-config validate"),
    writes("create service", &["tcp=, node-port=# clusterip= external-name="]).or(&["svc"]).lacks("save-config validate"),
    writes("create serviceaccount", &[]).or(&["sa"]).lacks("save-config validate"),
    writes("delete", &[SELECTED, FIELDS, EVERYWHERE, "grace-period=# force now ignore-not-found wait cascade[=background]"]).lacks("i/interactive raw timeout"),
    reads("describe", &["l/selector= f/filename=,", EVERYWHERE]).lacks("chunk-size show-events"),
    reads("diff", &[FILES]).lacks("concurrency field-manager force-conflicts prune prune-allowlist l/selector server-side show-managed-fields"),
    reads(
        "drain",
        &["l/selector= pod-selector= ignore-daemonsets delete-emptydir-data force disable-eviction", "grace-period=# timeout="],
    )
    .lacks("chunk-size dry-run skip-wait-for-delete-timeout"),
    writes("edit", &[FILES, "subresource= output-patch"]).lacks("save-config show-managed-fields validate windows-line-endings"),
    reads("events", &[EVERYWHERE, "for= types=, no-headers"]).lacks("chunk-size output w/watch show-managed-fields"),
    reads("explain", &["recursive"]).lacks("api-version output"),
    writes("expose", &["port=# target-port= protocol= type= name= l/selector= labels=,"]).lacks(
        "cluster-ip external-ip filename load-balancer-ip override-type overrides save-config session-affinity",
    ),
    reads(
        "get",
        &[
            "o/output= l/selector= f/filename=,",
            FIELDS,
            EVERYWHERE,
            "L/label-columns=, show-labels show-managed-fields no-headers ignore-not-found sort-by= w/watch",
            "watch-only chunk-size=#",
        ],
    )
    .lacks("output-watch-events raw server-print show-kind subresource"),
    writes("label", CHANGING).lacks("local resource-version show-managed-fields"),
    reads(
        "logs",
        &[
            "l/selector= c/container= all-containers p/previous f/follow tail=# since= timestamps",
            "prefix",
        ],
    )
    .lacks("all-pods ignore-errors insecure-skip-tls-verify-backend limit-bytes max-log-requests pod-running-timeout since-time"),
    writes("patch", &[FILES, "p/patch= type= subresource="]).lacks("local patch-file show-managed-fields"),
    writes("replace", &[FILES, "force"]).lacks("cascade grace-period raw save-config subresource timeout validate wait"),
    reads("rollout history", &["l/selector= f/filename=, revision=#"]).lacks("output show-managed-fields"),
    writes("rollout pause", ROLLOUT),
    writes("rollout restart", ROLLOUT),
    writes("rollout resume", ROLLOUT),
    reads("rollout status", &["l/selector= f/filename=, w/watch revision=# timeout="]),
    writes("rollout undo", &["l/selector= f/filename=, to-revision=#"]),
    writes("run", &["image=+ port=# l/labels=, env=+ restart= command expose"]).lacks(
        "annotations attach cascade filename force grace-period image-pull-policy i/stdin leave-stdin-open override-type \
         overrides pod-running-timeout privileged q/quiet rm save-config show-managed-fields timeout t/tty wait",
    ),
    writes("scale", &["replicas=# current-replicas=#", SELECTED]).lacks("resource-version show-managed-fields timeout"),
    writes("set env", &[SELECTED, "c/containers="]).lacks("e/env from keys list local overwrite prefix resolve"),
    writes("set image", &[SELECTED]).lacks("local"),
    writes("set resources", &[SELECTED, "c/containers= limits=, requests=,"]).lacks("local"),
    writes("set selector", &["all f/filename=,"]).lacks("local resource-version"),
    writes("set serviceaccount", &["all f/filename=,"]).or(&["sa"]).lacks("local"),
    writes("taint", &["l/selector= all overwrite"]).lacks("validate"),
    reads("top node", &["l/selector= sort-by= no-headers"]).or(&["nodes", "no"]).lacks("show-capacity show-swap use-protocol-buffers"),
    reads(
        "top pod",
        &["l/selector=", FIELDS, EVERYWHERE, "containers sort-by= no-headers sum"],
    )
    .or(&["pods", "po"])
    .lacks("show-swap use-protocol-buffers"),
    tries("uncordon", &["l/selector="]),
    reads("version", &[]).lacks("client output"),
    reads("wait", &[SELECTED, FIELDS, EVERYWHERE, "for= timeout="]).lacks("local output"),
];
