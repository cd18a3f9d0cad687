//! `apply --server-side`, also of what was applied from the client's side before: its fields change hands.
//! Source: `kubectl/pkg/cmd/apply/apply.go`, `client-go/util/csaupgrade`.

use serde_json::{Value, json};

use super::Session;
use super::failure::Failure;
use super::files::Draft;
use super::task::Task;
use crate::api::owners::{self, Element, Operation, Owner};
use crate::api::{Key, Object, meta};
use crate::apiserver::{Conflicts, Outcome, Patch, PatchType, Reason, Refusal, Subresource, Verb};
use crate::manifest::patch::LAST_APPLIED;

/// What kubectl says about conflicts of a server-side apply, below the API server's own words.
const RESOLVE_CONFLICTS: &str = "\
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

/// Who owns the annotation of the last client-side apply once fields are applied by the server.
const KEEPER: &str = "kubectl-last-applied";

/// How often the owners are written anew when the object keeps changing. Source: `maxPatchRetry`.
const HAND_OVERS_MOST: u32 = 5;

/// A file on its way through a server-side apply.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Application {
    /// The file.
    pub(super) draft: Draft,
    /// What is done about fields of others.
    pub(super) conflicts: Conflicts,
    /// How far it is.
    pub(super) stage: Stage,
}

/// How far a server-side apply is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// The API server merges the file with what is there.
    Apply,
    /// The annotation is applied under a name of its own, so that it stays.
    Keep(String),
    /// What kubectl owned from the client's side becomes what it applies.
    HandOver {
        /// The revision that was looked at.
        revision: String,
        /// Who owns what from then on.
        owners: Vec<Owner>,
        /// How often it was tried before.
        tries: u32,
    },
    /// The object has changed meanwhile and is read again, after so many tries.
    Look(u32),
    /// The file is applied again: now what it does not name any more goes.
    Again,
}

impl Application {
    pub(super) fn new(draft: Draft, conflicts: Conflicts) -> Self {
        Self {
            draft,
            conflicts,
            stage: Stage::Apply,
        }
    }

    /// The request of the stage.
    pub(super) fn request(&self) -> (Key, Verb) {
        let (patch_type, body) = match &self.stage {
            Stage::Apply | Stage::Again => {
                let apply = PatchType::Apply(self.conflicts);
                (apply, self.draft.value.clone())
            }
            Stage::Keep(annotation) => {
                let value = &self.draft.value;
                let mut metadata = json!({"name": value["metadata"]["name"],
                    "annotations": {LAST_APPLIED: annotation}});
                if let Some(namespace) = value["metadata"].get("namespace") {
                    metadata["namespace"] = namespace.clone();
                }
                let body = json!({"apiVersion": value["apiVersion"], "kind": value["kind"],
                    "metadata": metadata});
                (PatchType::Apply(Conflicts::Refuse), body)
            }
            Stage::HandOver {
                revision, owners, ..
            } => {
                let managed = owners::to_value(self.draft.key.kind, owners);
                let replace = |path: &str, value: Value| json!({"op": "replace", "path": path, "value": value});
                let body = json!([
                    replace("/metadata/managedFields", managed),
                    replace("/metadata/resourceVersion", revision.as_str().into()),
                ]);
                (PatchType::Json, body)
            }
            Stage::Look(_) => return (self.draft.key.clone(), Verb::Get),
        };
        let patch = Patch {
            patch_type,
            subresource: Subresource::Main,
            body,
        };
        (self.draft.key.clone(), Verb::Patch(patch))
    }

    /// The name under which the stage writes, where it is not that of the command.
    pub(super) fn manager(&self) -> Option<&'static str> {
        matches!(self.stage, Stage::Keep(_)).then_some(KEEPER)
    }
}

impl Session {
    /// The API server has answered a stage of an apply.
    pub(super) fn applied(&mut self, application: Application, outcome: &Outcome) {
        let object = match outcome {
            Ok(answer) => answer.object(),
            Err(refusal) => return self.not_applied(application, refusal),
        };
        let Some(object) = object else { return };
        match application.stage {
            Stage::Apply => self.keep_annotation(application, object),
            Stage::Keep(_) => self.hand_over(application, object, 0),
            Stage::Look(tries) => self.hand_over(application, object, tries),
            Stage::HandOver { .. } => self.go_on(application, Stage::Again),
            Stage::Again => self.say(object, "serverside-applied"),
        }
    }

    /// Only the first stage fails the command; the others are made up for by the next apply.
    fn not_applied(&mut self, application: Application, refusal: &Refusal) {
        let what = match application.stage {
            Stage::Apply if refusal.reason == Reason::Conflict => {
                let message = format!("{refusal}\n{RESOLVE_CONFLICTS}");
                return self.failures.push(Failure::Own(message));
            }
            Stage::Apply => return self.failures.push(Failure::of(refusal)),
            Stage::HandOver { tries, .. }
                if refusal.reason == Reason::Conflict && tries + 1 < HAND_OVERS_MOST =>
            {
                return self.go_on(application, Stage::Look(tries + 1));
            }
            Stage::Keep(_) => {
                "failed to migrate kubectl.kubernetes.io/last-applied-configuration for \
                 Server-Side Apply"
            }
            Stage::HandOver { .. } | Stage::Look(_) => {
                "server rejected managed fields migration to Server-Side Apply"
            }
            Stage::Again => {
                "failed to re-apply configuration after performing Server-Side Apply migration"
            }
        };
        let warning = format!(
            "Warning: {what}. This is non-fatal and will be retried next time you apply. Error: \
             {refusal}\n"
        );
        self.errors.push_str(&warning);
        if let Ok(object) = &application.draft.object {
            self.say(object, "serverside-applied");
        }
    }

    fn go_on(&mut self, application: Application, stage: Stage) {
        let next = Application {
            stage,
            ..application
        };
        self.tasks.push_front(Task::ApplyServerSide(Box::new(next)));
    }

    /// The annotation stays where kubectl applies under its own name, for then the API server keeps
    /// it up to date.
    fn keep_annotation(&mut self, application: Application, object: &Object) {
        let annotation = meta::annotation(object.metadata(), LAST_APPLIED);
        let is_kept = owners::of(object)
            .iter()
            .any(|owner| owner.operation == Operation::Apply && owns_annotation(owner));
        match annotation {
            Some(text) if self.applier() == "kubectl" && !is_kept => {
                let text = text.to_owned();
                self.go_on(application, Stage::Keep(text));
            }
            _ => self.hand_over(application, object, 0),
        }
    }

    /// Gives what kubectl owned from the client's side to the name that it applies by, if there is
    /// something to give.
    fn hand_over(&mut self, application: Application, object: &Object, tries: u32) {
        match handed_over(owners::of(object), &self.applier()) {
            Some(owners) => {
                let revision = object.revision().to_string();
                let stage = Stage::HandOver {
                    revision,
                    owners,
                    tries,
                };
                self.go_on(application, stage);
            }
            None => self.say(object, "serverside-applied"),
        }
    }

    fn applier(&self) -> owners::Manager {
        self.write_options(None).manager.unwrap_or_default()
    }
}

fn owns_annotation(owner: &Owner) -> bool {
    let path = ["metadata", "annotations", LAST_APPLIED];
    let mut here = Some(&owner.fields);
    for field in path {
        here = here.and_then(|fields| fields.below(&Element::Field(field.to_owned())));
    }
    here.is_some()
}

/// The owners with everything that client-side appliers own given to this applier. Client-side
/// appliers are those that wrote the annotation. None when nobody has anything to give.
fn handed_over(mut all: Vec<Owner>, to: &str) -> Option<Vec<Owner>> {
    let is_main = |owner: &Owner, operation| {
        owner.operation == operation && owner.writer.subresource.is_none()
    };
    let givers: Vec<owners::Manager> = all
        .iter()
        .filter(|owner| owner.operation == Operation::Update && owns_annotation(owner))
        .map(|owner| owner.writer.manager.clone())
        .collect();
    let (given, mut kept): (Vec<Owner>, Vec<Owner>) = all.drain(..).partition(|owner| {
        is_main(owner, Operation::Update) && givers.contains(&owner.writer.manager)
    });
    let first = given.first()?.clone();
    let fields = given
        .iter()
        .fold(owners::FieldSet::default(), |fields, owner| {
            fields.union(&owner.fields)
        });
    let taker = kept
        .iter_mut()
        .find(|owner| is_main(owner, Operation::Apply) && owner.writer.manager == to);
    if let Some(taker) = taker {
        taker.fields = std::mem::take(&mut taker.fields).union(&fields);
    } else {
        let mut taker = Owner {
            operation: Operation::Apply,
            fields,
            ..first
        };
        taker.writer.manager = to.to_owned().into();
        kept.push(taker);
    }
    Some(kept)
}
