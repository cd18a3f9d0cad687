//! The screen: what a person sees and does. A pane is a function of a snapshot.
//!
//! ```text
//! terminal ─Key→ keymap ─Action→ update(&mut Model, Action, &Snapshot) ─Order→ cluster::task
//!     ↑                                     │ Model                             │
//!   Buffer ←── view::draw(&View) ←── View{snapshot, model, theme} ←─Arc<Snapshot>┘ latest wins
//! ```

pub mod action;
pub mod answer;
pub mod board;
pub mod choices;
pub mod compare;
pub mod differences;
pub mod draft;
pub mod editor;
pub mod events;
pub mod frame;
pub mod guide;
pub mod input;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod marks;
pub mod model;
pub mod mouse;
pub mod overlays;
pub mod pace;
pub mod palette;
pub mod panes;
pub mod person;
pub mod signal;
pub mod strokes;
pub mod terminal;
pub mod theme;
pub mod time_bar;
pub mod update;
pub mod view;
pub mod way;
pub mod yaml;

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ratatui::layout::Size;
use tokio::sync::mpsc::error::TryRecvError;

use crate::cluster::driver::{Driver, Order, Pace, Snapshot};
use crate::cluster::session::Replayed;
use crate::cluster::task::{self, Engine};
use crate::cluster::{Cluster, Command};
use editor::Editor;
use input::Input;
use model::{Model, Pane, Sent, Worth};
use mouse::Mouse;
use terminal::Screen;
use theme::Theme;
use update::{Around, Disk};
use view::View;

/// The pace of the first visit: slow enough to see each hop, fast enough for one minute.
const FIRST_PACE: Pace = Pace::Steps { in_ten_seconds: 50 };

/// How the screen opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Nothing was given: a small Deployment waits in the editor to be sent.
    FirstVisit,
    /// Manifests or commands were given: they are about to happen.
    Given,
}

/// Why the screen ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no terminal, or it went away.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
    /// The world stopped; that is a mistake of ours.
    #[error("the world stopped by itself; please report what was on the screen")]
    Engine,
    /// The text in the editor could not be kept.
    #[error("the text in the editor could not be kept in {0}: {1}")]
    Draft(PathBuf, io::Error),
}

/// What the screen begins with.
#[derive(Debug)]
pub enum Opened {
    /// A world that begins.
    World(Box<Cluster>, Opening),
    /// A session that was made again.
    Session(Box<Replayed>),
}

/// Shows a world on the terminal until the person leaves. `disk` gives the files that typed commands
/// name, and keeps sessions.
///
/// # Errors
/// When there is no terminal, or the text in the editor cannot be kept.
pub fn run(opened: Opened, disk: Disk<'_>, mouse: Mouse) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let place = draft::place();
    let draft = place.as_deref().and_then(draft::read);
    let (driver, opening, model) = match opened {
        Opened::World(cluster, opening) => {
            let (cluster, model) = open(*cluster, opening, draft);
            (Driver::new(cluster), opening, model)
        }
        Opened::Session(replayed) => {
            let (_, model) = open(replayed.cluster.clone(), Opening::Given, draft);
            (Driver::replayed(*replayed), Opening::Given, model)
        }
    };
    let kept = model.draft();
    let mut session = Session { model, place, kept };
    let shown = runtime.block_on(async {
        let engine = task::spawn(driver);
        if opening == Opening::FirstVisit {
            let order = Order::Pace(FIRST_PACE);
            engine.orders.send(order).await.map_err(closed)?;
        }
        session.show(engine, disk, mouse).await
    });
    runtime.shutdown_background();
    let kept = session.keep();
    shown.and(kept)
}

/// What a screen begins with: the world, and what the screen remembers. On the first visit the cluster
/// has come up already, so that the first thing to be seen is what the person asks for.
#[must_use]
pub fn open(cluster: Cluster, opening: Opening, draft: Option<String>) -> (Cluster, Model) {
    let mut model = Model::default();
    if let Some(text) = draft {
        model.editor = Editor::restored(&text);
    }
    if opening == Opening::Given
        && let Some(text) = first_file(&cluster)
    {
        model.editor = Editor::restored(&text);
        model.awaited = first_line(&cluster);
    }
    if opening == Opening::FirstVisit {
        model.view = Pane::Editor;
        model.focus = Pane::Editor;
    }
    (cluster, model)
}

/// The first file that is about to be applied, so that the editor shows what was opened.
fn first_file(cluster: &Cluster) -> Option<String> {
    let mut commands = cluster.journal().map(|entry| &entry.command);
    let bytes = commands.find_map(|command| match command {
        Command::Kubectl { files, .. } => files.values().next(),
        Command::Fault { .. } | Command::Traffic { .. } => None,
    })?;
    String::from_utf8(bytes.to_vec()).ok()
}

/// The first line that is about to run, so that the screen tells if it fails.
fn first_line(cluster: &Cluster) -> Option<Sent> {
    let mut entries = cluster.journal().filter(|_| cluster.steps() == 0);
    match &entries.next()?.command {
        Command::Kubectl { line, files, .. } => Some(Sent {
            worth: Worth::Failed,
            line: line.clone(),
            files: Arc::clone(files),
        }),
        Command::Fault { .. } | Command::Traffic { .. } => None,
    }
}

fn closed<T>(_: T) -> Error {
    Error::Engine
}

/// The model with the place of its draft: whatever ends the screen, the text is kept.
struct Session {
    model: Model,
    place: Option<PathBuf>,
    kept: String,
}

impl Session {
    async fn show(
        &mut self,
        mut engine: Engine,
        disk: Disk<'_>,
        mouse: Mouse,
    ) -> Result<(), Error> {
        let theme = match env::var_os("NO_COLOR").filter(|value| !value.is_empty()) {
            Some(_) => Theme::mono(),
            None => Theme::dark(),
        };
        let mut screen = Screen::enter(mouse)?;
        let size = screen.canvas().size()?;
        self.model.size = Size::new(size.width, size.height);
        let mut inputs = input::listen();
        let mut end = std::pin::pin!(signal::told_to_end());
        let mut snapshot = engine.snapshots.borrow_and_update().clone();
        loop {
            update::notice(&mut self.model, &snapshot);
            let view = View {
                snapshot: &snapshot,
                model: &self.model,
                theme: &theme,
                targets: None,
            };
            screen
                .canvas()
                .draw(|frame| view::draw(&view, frame.area(), frame.buffer_mut()))?;
            tokio::select! {
                biased;
                told = &mut end => return Ok(told?),
                input = inputs.recv() => {
                    let mut next = input;
                    // All that is waiting is taken before one frame is drawn.
                    loop {
                        let Some(input) = next else { return Ok(()) };
                        self.take(input, &snapshot, &engine, disk).await?;
                        if self.model.is_over {
                            return Ok(());
                        }
                        next = match inputs.try_recv() {
                            Ok(input) => Some(input),
                            Err(TryRecvError::Empty) => break,
                            Err(TryRecvError::Disconnected) => None,
                        };
                    }
                }
                changed = engine.snapshots.changed() => {
                    changed.map_err(closed)?;
                }
            }
            snapshot = engine.snapshots.borrow_and_update().clone();
        }
    }

    async fn take(
        &mut self,
        input: Input,
        snapshot: &Arc<Snapshot>,
        engine: &Engine,
        disk: Disk<'_>,
    ) -> Result<(), Error> {
        let actions = input.actions(&View {
            snapshot,
            model: &self.model,
            theme: &Theme::mono(),
            targets: None,
        });
        let was_typing = self.model.is_typing();
        for action in actions {
            for order in update::update(&mut self.model, action, Around { snapshot, disk }) {
                engine.orders.send(order).await.map_err(closed)?;
            }
        }
        if was_typing && !self.model.is_typing() {
            self.keep()?;
        }
        Ok(())
    }

    /// Keeps the text in the editor, if somebody changed it since it was kept.
    fn keep(&mut self) -> Result<(), Error> {
        let text = self.model.draft();
        if let Some(place) = self.place.as_ref().filter(|_| text != self.kept) {
            draft::keep(place, &text).map_err(|error| Error::Draft(place.clone(), error))?;
            self.kept = text;
        }
        Ok(())
    }
}

/// Also when something of ours panics.
impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.keep();
    }
}
