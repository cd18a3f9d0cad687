//! More work than before: so much of it for the processors, shared among the running pods of a workload.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::Cluster;
use super::super::step::Happening;
use crate::api::{Key, Kind, Pod, Quantity, Typed, meta, selector};
use crate::apiserver::Scale;
use crate::sim::{RecordId, RecordKind, Time, Urgency, span_words};

/// The work that comes upon a workload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Billionths of a processor, for all of its pods together.
    cpu: u64,
    /// When it is over.
    until: Time,
}

/// What pods have of all loads, by node and uid, in billionths of a processor.
pub(super) type Shares = BTreeMap<(Arc<str>, Arc<str>), u64>;

impl Cluster {
    /// Brings a load upon a workload; it takes the place of an earlier one.
    pub(super) fn load_step(
        &mut self,
        workload: &Key,
        (cpu, span): (Quantity, Duration),
        cause: RecordId,
    ) -> Result<(), String> {
        let object = self.store().get(workload);
        let object = object.ok_or_else(|| format!("there is no {workload} to bring work to"))?;
        if Scale::of(object).is_none() {
            return Err(format!(
                "{workload} has no number of replicas that could share the work; name a Deployment, \
                 a ReplicaSet or a StatefulSet"
            ));
        }
        let what = if cpu.is_zero() {
            format!("takes the work from {workload} again")
        } else {
            format!(
                "brings work for {cpu} processors to {workload} for {}: its running pods share \
                 it",
                span_words(span)
            )
        };
        let record = self.struck(RecordKind::FaultLoad, Some(workload.clone()), what, cause);
        if cpu.is_zero() {
            self.troubles.loads.remove(workload);
        } else {
            let millis = u64::try_from(cpu.milli_value()).unwrap_or(u64::MAX);
            let load = Load {
                cpu: millis.saturating_mul(1_000_000),
                until: self.now + span,
            };
            self.troubles.loads.insert(workload.clone(), load);
            let over = Happening::LoadIsOver {
                workload: workload.clone(),
                cause: record,
            };
            // While it lasts something is still to come: an autoscaler may act, and all ends with it.
            self.queue.push(load.until, Urgency::Work, over);
        }
        self.share_loads();
        Ok(())
    }

    /// The time of a load is up, unless another one has taken its place.
    pub(in crate::cluster) fn end_load(&mut self, workload: &Key, cause: RecordId) {
        let load = self.troubles.loads.get(workload);
        if load.is_none_or(|load| load.until > self.now) {
            return;
        }
        self.troubles.loads.remove(workload);
        let what = format!("has no more work for {workload} than before");
        self.struck(RecordKind::FaultLoad, Some(workload.clone()), what, cause);
        self.share_loads();
    }

    /// Gives each pod its share, after something changed about who can work.
    pub(in crate::cluster) fn share_loads(&mut self) {
        if self.troubles.loads.is_empty() && self.troubles.shares.is_empty() {
            return;
        }
        let mut shares = Shares::new();
        for (workload, load) in &self.troubles.loads {
            let workers = self.workers_of(workload);
            let share = load.cpu / u64::try_from(workers.len()).unwrap_or(1).max(1);
            for worker in workers {
                *shares.entry(worker).or_default() += share;
            }
        }
        let before = std::mem::replace(&mut self.troubles.shares, shares.clone());
        let idle = before.keys().filter(|worker| !shares.contains_key(*worker));
        let changed = idle
            .map(|worker| (worker, 0))
            .chain(shares.iter().map(|(worker, share)| (worker, *share)))
            .filter(|(worker, share)| before.get(*worker) != Some(share));
        for ((node, uid), share) in changed {
            if let Some(part) = self.kubelets.get_mut(node) {
                Arc::make_mut(part).component.burden(uid, share);
            }
        }
    }

    /// The pods of a workload that can work now: node and uid.
    fn workers_of(&self, workload: &Key) -> Vec<(Arc<str>, Arc<str>)> {
        let Some(scale) = self.store().get(workload).and_then(Scale::of) else {
            return Vec::new();
        };
        let pods = self.store().list(Kind::Pod, Some(&workload.namespace));
        let own = pods
            .filter_map(Pod::of)
            .filter(|pod| selector::matches(&scale.selector, meta::labels(&pod.metadata)));
        let at_work = own.filter_map(|pod| {
            let node = pod.spec.node_name.clone()?;
            let kubelet = &self.kubelets.get(&node)?.component;
            let can_work = kubelet.is_at_work(pod.uid(), self.now);
            can_work.then(|| (node, Arc::from(pod.uid())))
        });
        at_work.collect()
    }
}
