//! Server-side apply: the applier owns what it names, keeps others from losing theirs unasked, and
//! takes back what it no longer names.
//! Source: `apimachinery/pkg/util/managedfields` and `structured-merge-diff/merge/update.go`.

use serde_json::Value;

use super::{ApiServer, Caller, Cause, Conflicts, Patch, Refusal, Signed, Stage, Written, write};
use crate::api::owners::{self, FieldSet, Operation, Owner};
use crate::api::{Key, Kind};
use crate::manifest::patch as patches;

impl ApiServer {
    pub(super) fn apply(
        &mut self,
        patch: &Patch,
        conflicts: Conflicts,
        key: &Key,
        caller: Caller<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        let body = &patch.body;
        if body
            .pointer("/metadata/managedFields")
            .is_some_and(|it| !it.is_null())
        {
            let message = "metadata.managedFields must be nil".to_owned();
            return Err(Refusal::bad_request(message));
        }
        let mut mine = Owner {
            writer: caller.writer(patch.subresource.name()),
            operation: Operation::Apply,
            fields: owners::fields(key.kind, body),
        };
        let Some(current) = self.store.get(key).cloned() else {
            let object = write::decoded(key.kind, body.clone())?;
            return self.create(object, key, Signed::Owners(vec![mine]), caller, stages);
        };
        let mut all = owners::of(&current);
        let before = all
            .iter()
            .position(|owner| owners::is_same(owner, &mine.writer, Operation::Apply))
            .map(|place| all.remove(place));
        let last = before.as_ref().map(|owner| owner.fields.clone());
        let live = current.to_value();
        let applied = merged(
            key.kind,
            &live,
            body,
            &last.unwrap_or_default(),
            &mine,
            &all,
        );
        let difference = owners::compare(key.kind, &live, &applied);
        let touched = difference.touched();
        if conflicts == Conflicts::Refuse {
            let granted = granted(key.kind, &live, &mine);
            refuse_conflicts(key, &all, &touched.clone().without(&granted))?;
        }
        for owner in &mut all {
            let fields = std::mem::take(&mut owner.fields);
            owner.fields = fields.without(&touched).without(&difference.removed);
        }
        if let Some(before) = before.filter(|before| before.fields == mine.fields)
            && difference == owners::Comparison::default()
        {
            mine.writer.time = before.writer.time;
        }
        let mine_is_kubectl = is_kubectl(&mine);
        all.push(mine);
        all.retain(|owner| !owner.fields.is_empty());
        let mut applied = applied;
        if mine_is_kubectl {
            patches::keep_last_applied(&mut applied, body);
        }
        let mut object = write::decoded(key.kind, applied)?;
        if body.pointer("/metadata/resourceVersion").is_none() {
            object.metadata_mut().resource_version = None;
        }
        let part = write::part_of(patch.subresource);
        self.update(object, key, (part, Signed::Owners(all)), caller, stages)
    }
}

/// What is there with what is applied, and without what was applied before and nobody names now.
fn merged(
    kind: Kind,
    live: &Value,
    body: &Value,
    last: &FieldSet,
    mine: &Owner,
    others: &[Owner],
) -> Value {
    let kept = others
        .iter()
        .fold(mine.fields.clone(), |kept, owner| kept.union(&owner.fields));
    patches::prune(kind, patches::apply(kind, live, body), last, &kept)
}

/// Whether the owner is kubectl under the name that it applies by. Whoever says another name has no
/// part in what goes on between the two ways to apply.
fn is_kubectl(owner: &Owner) -> bool {
    owner.writer.manager == "kubectl"
}

/// What kubectl takes from others without asking: what it has applied itself from the client's side
/// and nobody has changed since. Source: `lastAppliedManager` of
/// `apimachinery/pkg/util/managedfields/internal`.
fn granted(kind: Kind, live: &Value, mine: &Owner) -> FieldSet {
    let Some(last) = patches::last_applied(live).filter(|_| is_kubectl(mine)) else {
        return FieldSet::default();
    };
    let since = owners::compare(kind, &last, live);
    owners::fields(kind, &last)
        .without(&since.touched())
        .without(&since.removed)
}

/// Refuses an apply that changes what others own.
fn refuse_conflicts(key: &Key, others: &[Owner], touched: &FieldSet) -> Result<(), Refusal> {
    let mut causes = Vec::new();
    for owner in others {
        let fields = owner.fields.common(touched);
        let message = format!("conflict with {}", printed(owner, key.kind));
        causes.extend(fields.paths().into_iter().map(|field| Cause::Owned {
            field,
            message: message.clone(),
        }));
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Refusal::owned(key, causes))
    }
}

/// `"kubectl" with subresource "scale" using apps/v1`
fn printed(owner: &Owner, kind: Kind) -> String {
    let through = owner.writer.subresource;
    let through = through.map(|name| format!(" with subresource \"{name}\""));
    let using = (owner.operation == Operation::Update)
        .then(|| format!(" using {}", kind.info().api_version()));
    format!(
        "\"{}\"{}{}",
        owner.writer.manager,
        through.unwrap_or_default(),
        using.unwrap_or_default()
    )
}
