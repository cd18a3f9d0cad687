//! `kubectl get --watch`: what is there, and then a line for every change.

use super::{Hands, Session, refused, show};
use crate::api::field_selector::FieldSelector;
use crate::api::{Kind, Object};
use crate::apiserver::Scope;
use crate::client::{Delivery, Seen, Subscription};
use crate::kubectl::Note;
use crate::kubectl::grammar::{Command, Get, Output, Targets, Watch};
use crate::kubectl::printers::{self, Table};

impl Session {
    /// The `get` that stays, if the line is one.
    fn staying(&self) -> Option<&Get> {
        match &self.invocation.command {
            Command::Get(get) if get.watch != Watch::No => Some(get),
            _ => None,
        }
    }

    /// Whether the line shows changes until somebody ends it.
    pub(super) fn is_watching(&self) -> bool {
        self.staying().is_some()
    }

    /// What it has to watch; more than one kind is refused, as by kubectl.
    pub(super) fn watched(&self) -> Option<Subscription> {
        let (kind, scope) = match &self.staying()?.targets {
            Targets::Kinds {
                kinds,
                labels,
                fields,
                ..
            } => match kinds.as_slice() {
                [kind] => (
                    *kind,
                    Scope {
                        labels: labels.clone(),
                        fields: fields.clone(),
                    },
                ),
                _ => return None,
            },
            Targets::Named(names) => match names.as_slice() {
                [one] => (
                    one.kind,
                    Scope {
                        labels: None,
                        fields: FieldSelector::equal("metadata.name", &one.name),
                    },
                ),
                _ => return None,
            },
            Targets::Files(_) => return None,
        };
        Some(Subscription { kind, scope })
    }

    /// The watch told something.
    pub(super) fn see(&mut self, delivery: &Delivery, hands: &mut Hands<'_>) {
        let Some(get) = self.staying().cloned() else {
            return;
        };
        let objects: Vec<Object> = match &delivery.seen {
            Seen::Listed(objects) if get.watch == Watch::Yes => objects.clone(),
            Seen::Event(event) => vec![event.object().clone()],
            Seen::Refused(refusal) => {
                let scope = self.watched().map_or_else(Scope::default, |it| it.scope);
                let failure = refused::listing(delivery.kind, &scope, refusal);
                self.failures.push(failure);
                self.advance(hands.cause, hands);
                return;
            }
            Seen::Listed(_) | Seen::Resumed | Seen::Gone => Vec::new(),
        };
        let everywhere = matches!(
            get.targets,
            Targets::Kinds {
                everywhere: true,
                ..
            }
        );
        let namespace = self.invocation.namespace().to_owned();
        let is_meant = |object: &&Object| {
            everywhere || object.namespace().is_empty() || object.namespace() == namespace
        };
        for object in objects.iter().filter(is_meant) {
            let said = self.row(&get, object, delivery.kind, everywhere, hands);
            let sentence = format!("prints: {}", said.lines().next_back().unwrap_or_default());
            self.output.push_str(&said);
            hands.note(hands.cause, Note::Heard(Some(object.key()), sentence));
        }
    }

    /// The line of one object; columns are as wide as they have ever been.
    fn row(
        &mut self,
        get: &Get,
        object: &Object,
        kind: Kind,
        namespaces: bool,
        hands: &Hands<'_>,
    ) -> String {
        if !matches!(get.output, Output::Table | Output::Wide) {
            let one = std::slice::from_ref(object);
            return show::found(get, one, hands.now).unwrap_or_default();
        }
        let options = printers::Options {
            wide: get.output == Output::Wide,
            namespaces,
            kinds: false,
            labels: get.labels.clone(),
        };
        let mut table: Table = printers::table(kind, [object], hands.now, &options);
        let is_first = self.rows.rows.is_empty();
        if is_first && get.headers {
            self.rows.headers = std::mem::take(&mut table.headers);
        }
        self.rows.rows.extend(table.rows);
        let text = printers::render(&self.rows);
        if is_first {
            return text;
        }
        let last = text.lines().next_back().unwrap_or_default();
        format!("{last}\n")
    }
}
