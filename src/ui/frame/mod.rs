//! A frame without a terminal: drawn into a buffer, printed as text, as escapes, or as a picture.

mod ansi;
mod svg;
mod text;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Color;

use super::model::{Model, Pane};
use super::person::Person;
use super::view::{self, View};
use crate::api::{Key, Kind};
use crate::cluster::Cluster;
use crate::cluster::driver::{Driver, Order, When};

/// What to draw.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Columns and rows.
    pub size: (u16, u16),
    /// The view, by its key.
    pub view: char,
    /// The step to show; the newest if none is given.
    pub at: Option<u64>,
    /// The object to select, as `kind/name` or `kind/namespace/name`.
    pub select: Option<String>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            size: (120, 36),
            view: '1',
            at: None,
            select: None,
        }
    }
}

/// A drawn frame.
#[derive(Clone, Debug)]
pub struct Drawn {
    buffer: Buffer,
    ground: Color,
    text: Color,
}

/// Draws one frame of a world that stands still.
///
/// # Errors
/// As [`looking`].
pub fn draw(cluster: Cluster, wanted: &Wanted) -> Result<Drawn, String> {
    Ok(looking(Driver::new(cluster), wanted)?.sees())
}

/// Somebody who looks at what is wanted.
///
/// # Errors
/// In words, when there is no such view or step, or the selected object cannot be named so or is not there.
pub fn looking(driver: Driver, wanted: &Wanted) -> Result<Person, String> {
    let (width, height) = wanted.size;
    let mut model = Model {
        size: Size::new(width, height),
        ..Model::default()
    };
    let pane = Pane::ALL.iter().find(|pane| pane.number() == wanted.view);
    let pane = pane.ok_or_else(|| {
        let keys: Vec<String> = Pane::ALL
            .iter()
            .map(|pane| format!("{} {}", pane.number(), pane.name()))
            .collect();
        format!(
            "error: there is no view {:?}; there are {}",
            wanted.view,
            keys.join(", ")
        )
    })?;
    model.view = *pane;
    model.focus = *pane;
    let mut person = Person::before(driver, model);
    if let Some(step) = wanted.at {
        let last = person.snapshot().head.steps();
        if step > last {
            return Err(format!("error: step {step} is beyond the last one, {last}"));
        }
        person.orders(Order::Show(When::Step(step)));
    }
    if let Some(name) = &wanted.select {
        person.model.selection = Some(named(&person.snapshot().world, name)?);
    }
    Ok(person)
}

/// Draws one frame of the size that the model has.
#[must_use]
pub fn of(view: &View<'_>) -> Drawn {
    let area = Rect::from(((0, 0).into(), view.model.size));
    let mut buffer = Buffer::empty(area);
    view::draw(view, area, &mut buffer);
    let ground = view.theme.ground();
    Drawn {
        buffer,
        ground: ground.bg.unwrap_or(Color::Reset),
        text: ground.fg.unwrap_or(Color::Reset),
    }
}

/// The object of `kind/name` in the namespace default, or of `kind/namespace/name`.
fn named(world: &Cluster, name: &str) -> Result<Key, String> {
    let parts: Vec<&str> = name.split('/').collect();
    let (kind_word, namespace, object) = match parts[..] {
        [kind, object] => (kind, "default", object),
        [kind, namespace, object] => (kind, namespace, object),
        _ => {
            return Err(format!(
                "error: \"{name}\" names no object; write pod/web-1 or deployment/default/web"
            ));
        }
    };
    let kind = Kind::of_word(kind_word)
        .ok_or_else(|| format!("error: the server doesn't have a resource type \"{kind_word}\""))?;
    let key = Key::new(kind, namespace, object);
    match world.store().get(&key) {
        Some(_) => Ok(key),
        None => Err(format!(
            "error: {} \"{object}\" not found",
            kind.info().plural
        )),
    }
}

impl Drawn {
    /// The cells.
    #[must_use]
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// The characters, line by line.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::print(&self.buffer)
    }

    /// The characters, and below them one letter a cell for its style, with a key of the letters.
    #[must_use]
    pub fn to_text_with_styles(&self) -> String {
        text::print_with_styles(&self.buffer)
    }

    /// The characters with the escapes of a terminal that knows 24-bit colours.
    #[must_use]
    pub fn to_ansi(&self) -> String {
        ansi::print(&self.buffer)
    }

    /// A picture: a terminal window with exact cells.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::print(&self.buffer, self.ground, self.text)
    }
}
