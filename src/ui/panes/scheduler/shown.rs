//! Which decision is shown: that of the selected pod, an earlier one, or the newest of all.

use std::sync::Arc;

use crate::api::{Key, Kind};
use crate::cluster::{Detail, Record};
use crate::scheduler::{Decision, Note};
use crate::sim::{RecordId, RecordKind};
use crate::ui::board::Stop;
use crate::ui::panes::index::Index;
use crate::ui::view::View;

/// How many of the latest records about a pod are looked through for its decision.
const LOOK_BACK: usize = 400;

/// A decision, and how far it has come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    /// The record that tells of it.
    pub record: RecordId,
    /// The decision.
    pub decision: &'a Arc<Decision>,
    /// Its place among all decisions, from 1.
    pub number: usize,
    /// How many decisions there are.
    pub count: usize,
    /// The last stop that the trace has come to.
    pub reached: Stop,
}

/// The decision to show, if there is one.
pub(super) fn shown<'a>(view: &View<'a>, index: &Index) -> Option<Shown<'a>> {
    let decisions = index.records.decisions();
    let record = match pod(view) {
        Some(pod) => pinned(view, pod).or_else(|| last_about(view, index, pod)),
        None => decisions.last().copied(),
    }?;
    let decision = decision_of(view, record)?;
    let place = decisions.partition_point(|each| *each < record);
    Some(Shown {
        record,
        decision,
        number: place + 1,
        count: decisions.len(),
        reached: reached(view, index, record, decision),
    })
}

/// The pod that is selected.
pub(super) fn pod<'a>(view: &View<'a>) -> Option<&'a Key> {
    let selection = view.model.selection.as_ref();
    selection.filter(|key| key.kind == Kind::Pod)
}

/// The record and the pod of the decision before the one that is shown, or of the one after it.
#[must_use]
pub fn neighbour(view: &View<'_>, is_older: bool) -> Option<(RecordId, Key)> {
    let index = Index::of(view.world());
    let decisions = index.records.decisions();
    let place = match shown(view, &index) {
        Some(shown) if is_older => (shown.number - 1).checked_sub(1)?,
        Some(shown) => shown.number,
        None => decisions.len().checked_sub(1)?,
    };
    let record = *decisions.get(place)?;
    Some((record, decision_of(view, record)?.pod.clone()))
}

fn decision_of<'a>(view: &View<'a>, record: RecordId) -> Option<&'a Arc<Decision>> {
    match &view.snapshot.world.trace().get(record)?.detail {
        Detail::Scheduler(note @ Note::Filtered(_)) => note.decision(),
        _ => None,
    }
}

/// The earlier decision that the person went to, while its pod is selected.
fn pinned(view: &View<'_>, pod: &Key) -> Option<RecordId> {
    let record = view.model.board.record?;
    let decision = decision_of(view, record)?;
    (decision.pod == *pod).then_some(record)
}

fn last_about(view: &View<'_>, index: &Index, pod: &Key) -> Option<RecordId> {
    let mut about = index.records.about(pod).iter().rev().take(LOOK_BACK);
    about.find(|id| decision_of(view, **id).is_some()).copied()
}

/// Whether the trace has told what follows the filters; before, the scores are still to come.
fn reached(view: &View<'_>, index: &Index, record: RecordId, decision: &Decision) -> Stop {
    let about = index.records.about(&decision.pod);
    let after = about.partition_point(|each| *each <= record);
    let trace = view.world().trace();
    let is_station = |record: &Record| {
        matches!(record.detail, Detail::Scheduler(_))
            && matches!(
                record.kind(),
                RecordKind::SchedScore
                    | RecordKind::SchedPreempt
                    | RecordKind::SchedBind
                    | RecordKind::SchedPop
                    | RecordKind::QueueBackoff
            )
    };
    let mut later = about[after..].iter().take(LOOK_BACK);
    if later.any(|id| trace.get(*id).is_some_and(|record| is_station(record))) {
        Stop::Outcome
    } else {
        Stop::Filtered {
            filter: usize::MAX,
            node: usize::MAX,
        }
    }
}
