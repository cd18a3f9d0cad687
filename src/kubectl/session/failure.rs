//! What went wrong in a run of kubectl, and how kubectl prints it.

use crate::apiserver::{Reason, Refusal};

/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Failure {
    /// The API server said no.
    Server {
        /// What it said.
        refusal: Refusal,
        /// What kubectl was doing, as it stands before the message: `error when creating "web.yaml": `.
        doing: String,
    },
    /// The API server said no, and the command has words of its own for that.
    Told {
        /// What it said.
        refusal: Refusal,
        /// What kubectl prints.
        line: String,
    },
    /// kubectl itself found it wrong.
    Own(String),
    /// One of several things that a command collected; kubectl prints it as it is.
    Collected(String),
}

impl Failure {
    /// A refusal of a request about no file.
    pub(super) fn of(refusal: &Refusal) -> Self {
        Self::Server {
            refusal: refusal.clone(),
            doing: String::new(),
        }
    }

    /// A refusal of a request about an object from a file.
    pub(super) fn while_doing(verb: &str, source: Option<&str>, refusal: &Refusal) -> Self {
        let doing = source.map(|source| format!("error when {verb} \"{source}\": "));
        Self::Server {
            refusal: refusal.clone(),
            doing: doing.unwrap_or_default(),
        }
    }

    /// What the API server said, if it was that.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Server { refusal, .. } | Self::Told { refusal, .. } => Some(refusal),
            Self::Own(_) | Self::Collected(_) => None,
        }
    }

    /// The line among several.
    fn line(&self) -> String {
        match self {
            Self::Own(message) | Self::Collected(message) | Self::Told { line: message, .. } => {
                message.clone()
            }
            Self::Server { refusal, doing } if refusal.reason == Reason::Unknown => {
                format!("Error from server: {doing}{refusal}")
            }
            Self::Server { refusal, doing } => {
                format!("Error from server ({}): {doing}{refusal}", refusal.reason)
            }
        }
    }

    /// The text when it is the only one.
    fn alone(&self) -> String {
        match self {
            Self::Own(message) => format!("error: {message}"),
            Self::Server { refusal, .. } if refusal.reason == Reason::Invalid => invalid(refusal),
            Self::Collected(_) | Self::Told { .. } | Self::Server { .. } => self.line(),
        }
    }
}

/// All of it as kubectl prints it at its end, each line with its newline.
/// Source: `checkErr` of `kubectl/pkg/cmd/util/helpers.go`.
pub(super) fn text(failures: &[Failure]) -> String {
    let lines: Vec<String> = match failures {
        [one] => vec![one.alone()],
        many => many.iter().map(Failure::line).collect(),
    };
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end_matches('\n'));
        text.push('\n');
    }
    text
}

/// An object that breaks the rules of its kind, with one line for each field.
fn invalid(refusal: &Refusal) -> String {
    let Some(key) = &refusal.key else {
        return format!("The request is invalid: {refusal}");
    };
    let head = format!("The {} \"{}\" is invalid", key.kind, key.name);
    let mut causes: Vec<String> = Vec::new();
    for cause in &refusal.causes {
        let text = cause.to_string();
        if !causes.contains(&text) {
            causes.push(text);
        }
    }
    match causes.as_slice() {
        [] => head,
        [one] => format!("{head}: {one}"),
        many => {
            let bullets: Vec<String> = many.iter().map(|cause| format!("* {cause}")).collect();
            format!("{head}: \n{}", bullets.join("\n"))
        }
    }
}
