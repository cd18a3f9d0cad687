//! The vocabulary of the trace: the number of a record and the closed list of what can happen.

use std::fmt;

/// The place of a record in the trace, counted from 0 without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(pub u64);

impl RecordId {
    /// The record that follows this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

macro_rules! record_kinds {
    ($($(#[$doc:meta])* $kind:ident $name:literal;)*) => {
        /// What a record is about; the closed list of everything that can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RecordKind { $($(#[$doc])* $kind,)* }

        impl RecordKind {
            /// Every kind, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The dotted name, as filters, breakpoints and files spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

record_kinds! {
    /// Somebody outside asked for something: the only records without a cause.
    Command "command";
    /// A client sent a request.
    ApiRequest "api.request";
    /// The API server let a request pass: decoded, defaulted, admitted, validated.
    ApiAdmit "api.admit";
    /// The API server refused a request.
    ApiReject "api.reject";
    /// The API server refused a write that was made from an old copy.
    ApiConflict "api.conflict";
    /// An object was written; the revision moved.
    StoreCommit "store.commit";
    /// Old revisions were forgotten.
    StoreCompact "store.compact";
    /// An informer listed and began to watch.
    WatchOpen "watch.open";
    /// A change reached an informer.
    WatchDeliver "watch.deliver";
    /// A watch broke, or its revision was forgotten.
    WatchGone "watch.gone";
    /// A key entered a work queue.
    QueueAdd "queue.add";
    /// A key was already waiting, so nothing was added.
    QueueMerge "queue.merge";
    /// A key waits before it is tried again.
    QueueBackoff "queue.backoff";
    /// A loop took a key.
    ReconcileStart "reconcile.start";
    /// A loop compared what is wanted with what is there.
    ReconcileDiff "reconcile.diff";
    /// A loop did one thing about the difference.
    ReconcileAct "reconcile.act";
    /// A loop is done with a key for now.
    ReconcileEnd "reconcile.end";
    /// The scheduler took a pod from its queue.
    SchedPop "sched.pop";
    /// The scheduler asked which nodes can hold the pod.
    SchedFilter "sched.filter";
    /// The scheduler asked which of them is best.
    SchedScore "sched.score";
    /// The scheduler looked for pods that could make way.
    SchedPreempt "sched.preempt";
    /// The scheduler bound the pod to a node.
    SchedBind "sched.bind";
    /// A kubelet saw that something is asked of it.
    KubeletNotice "kubelet.notice";
    /// An image is fetched, is there, or cannot be had.
    ImagePull "image.pull";
    /// A sandbox or a container was made or started.
    ContainerStart "container.start";
    /// A container ended or was told to.
    ContainerExit "container.exit";
    /// A probe succeeded or failed.
    ProbeResult "probe.result";
    /// A kubelet waits before it tries again.
    BackoffWait "backoff.wait";
    /// A kubelet reported what is there.
    StatusWrite "status.write";
    /// A node's table of endpoints changed.
    EndpointUpdate "endpoint.update";
    /// What became of the requests to a Service changed.
    TrafficCount "traffic.count";
    /// What pods and nodes use was measured.
    MetricsScrape "metrics.scrape";
    /// A kubelet gave its sign of life.
    LeaseRenew "lease.renew";
    /// A node has been silent for too long.
    LeaseLost "lease.lost";
    /// A node was tainted by a controller.
    TaintAdd "taint.add";
    /// Somebody asked to evict a pod.
    EvictAsk "evict.ask";
    /// A budget allowed or refused it.
    EvictVerdict "evict.verdict";
    /// The garbage collector removed what nobody owns.
    GcDelete "gc.delete";
    /// A clock rang.
    TimerFire "timer.fire";
    /// A node went down.
    FaultNodeDown "fault.node-down";
    /// A node came back.
    FaultNodeUp "fault.node-up";
    /// A node lost its network, or got it back.
    FaultPartition "fault.partition";
    /// A container was made to crash.
    FaultCrash "fault.crash";
    /// A probe was made to fail, or to succeed again.
    FaultProbe "fault.probe";
    /// The registry became slow.
    FaultSlowRegistry "fault.slow-registry";
    /// The registry lost an image, or got it back.
    FaultImage "fault.image";
    /// More work came upon a workload, or it is over.
    FaultLoad "fault.load";
    /// The disk of a node filled up, or has room again.
    FaultFillDisk "fault.fill-disk";
    /// Writes to the store became slow.
    FaultSlowDisk "fault.slow-disk";
    /// The store was made to forget.
    FaultCompact "fault.compact";
    /// A watch was cut.
    FaultCutWatch "fault.cut-watch";
    /// A watch tells late, or not what it should.
    FaultWatch "fault.watch";
    /// A component was stopped, started, paused or slowed.
    FaultComponent "fault.component";
    /// Another client came.
    FaultSecondClient "fault.second-client";
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
