//! What a command does about an object that it has read: nothing, a word, or a further request.

use super::change::{self, Change};
use super::failure::Failure;
use super::observe::Purpose;
use super::task::{Maker, Task};
use super::{make, rollout, set};
use crate::api::Object;
use crate::apiserver::Patch;
use crate::kubectl::grammar::{Command, RolloutAction};
use crate::sim::Time;

/// What to do about an object that has been read.
pub(super) enum Act {
    Nothing,
    /// To say this of the object.
    Say(&'static str),
    /// To print these lines and ask.
    Ask(Vec<String>, Box<Task>),
}

/// What the command does about the object.
pub(super) fn act(command: &Command, object: &Object, now: Time) -> Result<Act, Failure> {
    let change = match command {
        Command::Scale(wanted) => change::scale(object, wanted.replicas, wanted.current_replicas)?,
        Command::SetImage { images, .. } => change::image(object, images)?,
        Command::Label(relabel) => change::label(object, relabel)?,
        Command::Annotate(relabel) => change::annotate(object, relabel)?,
        Command::Taint {
            changes, overwrite, ..
        } => change::taint(object, changes, *overwrite)?,
        Command::Cordon { closed, .. } => change::cordon(object, *closed)?,
        Command::Drain(_) => change::cordon(object, true)?,
        Command::Rollout { action, .. } => return roll(*action, object, now),
        Command::Patch {
            patch_type,
            subresource,
            body,
            ..
        } => Change::Patch {
            patch: Patch {
                patch_type: *patch_type,
                subresource: *subresource,
                body: body.clone(),
            },
            said: "patched",
            before: Vec::new(),
        },
        Command::Autoscale {
            name,
            minimum,
            maximum,
            cpu,
            ..
        } => {
            let scaler = make::autoscaler(object, name.as_deref(), (*minimum, *maximum), *cpu)?;
            return Ok(create(scaler, "autoscaled"));
        }
        Command::JobFrom { name, .. } => {
            return Ok(ask(Task::Create {
                object: Box::new(make::job_from(object, name)?),
                said: "created",
                by: Maker::Generator("job"),
            }));
        }
        Command::Expose { service, .. } => {
            return Ok(create(make::service(object, service)?, "exposed"));
        }
        Command::Apply { .. }
        | Command::Create(_)
        | Command::Replace { .. }
        | Command::Diff { .. }
        | Command::Edit(_)
        | Command::Get(_)
        | Command::Top(_)
        | Command::Logs(_)
        | Command::Describe { .. }
        | Command::Delete(_)
        | Command::Wait(_)
        | Command::Events(_)
        | Command::LastApplied { .. }
        | Command::Listed { .. }
        | Command::Tell(_) => Change::Nothing,
        Command::Set { setting, .. } => set::change(object, setting)?,
    };
    Ok(act_of(change, object))
}

fn roll(action: RolloutAction, object: &Object, now: Time) -> Result<Act, Failure> {
    let change = match action {
        RolloutAction::Restart => change::restart(object, now)?,
        RolloutAction::Pause => change::pause(object, true)?,
        RolloutAction::Resume => change::pause(object, false)?,
        RolloutAction::Status { .. } => {
            rollout::is_viewed(object)?;
            return Ok(ask(Task::Observe(object.key(), Purpose::Rollout)));
        }
        RolloutAction::Undo { .. } | RolloutAction::History { .. } => {
            return Ok(ask(Task::Again(object.key())));
        }
    };
    Ok(act_of(change, object))
}

fn act_of(change: Change, object: &Object) -> Act {
    match change {
        Change::Nothing => Act::Nothing,
        Change::Say(said) => Act::Say(said),
        Change::Patch {
            patch,
            said,
            before,
        } => {
            let task = Task::Patch {
                object: Box::new(object.clone()),
                patch,
                said,
                source: None,
            };
            Act::Ask(before, Box::new(task))
        }
    }
}

fn create(object: Object, said: &'static str) -> Act {
    ask(Task::Create {
        object: Box::new(object),
        said,
        by: Maker::Plain,
    })
}

fn ask(task: Task) -> Act {
    Act::Ask(Vec::new(), Box::new(task))
}
