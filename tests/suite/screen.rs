//! A person at the screen without a terminal: keys go in, the world goes on, frames come out.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use glassplane::cluster::driver::Driver;
use glassplane::cluster::{Cluster, ClusterConfig, Files};
use glassplane::ui::action::Action;
use glassplane::ui::frame::Drawn;
use glassplane::ui::input::Input;
use glassplane::ui::key::{Code, KeyPress};
use glassplane::ui::theme::Theme;
use glassplane::ui::update::Disk;
use glassplane::ui::{self, Opening, strokes};

/// The screen, its world, and a disk of one file.
pub(crate) struct Person {
    at: ui::person::Person,
    /// The last text that was saved; it is loaded as `kept.yaml`.
    pub(crate) kept: RefCell<String>,
}

impl Deref for Person {
    type Target = ui::person::Person;

    fn deref(&self) -> &Self::Target {
        &self.at
    }
}

impl DerefMut for Person {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.at
    }
}

impl Person {
    /// Somebody who opens the program for the first time, on three nodes.
    pub(crate) fn on_first_visit(width: u16, height: u16) -> Self {
        let cluster = Cluster::new(ClusterConfig::default());
        Self::opening(cluster, Opening::FirstVisit, (width, height))
    }

    /// Somebody who opens a world.
    pub(crate) fn before(cluster: Cluster, width: u16, height: u16) -> Self {
        Self::opening(cluster, Opening::Given, (width, height))
    }

    fn opening(cluster: Cluster, opening: Opening, (width, height): (u16, u16)) -> Self {
        let (cluster, model) = ui::open(cluster, opening, None);
        let mut person = Self {
            at: ui::person::Person::before(Driver::new(cluster), model),
            kept: RefCell::default(),
        };
        person.act(Action::Resize(width, height));
        person
    }

    /// The same screen in other colours.
    pub(crate) fn with_theme(mut self, theme: Theme) -> Self {
        self.at.theme = theme;
        self
    }

    /// Presses keys as the table of keys writes them, with blanks between; text in quotes is typed. A key
    /// that asks for nothing is no mistake here.
    pub(crate) fn press(&mut self, keys: &str) {
        for key in strokes::parse(keys).expect("the test presses keys") {
            self.do_input(Input::Press(key));
        }
    }

    /// Types a text letter by letter; a new line is Enter.
    pub(crate) fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            let code = match letter {
                '\n' => Code::Enter,
                other => Code::Char(other),
            };
            self.do_input(Input::Press(KeyPress::plain(code)));
        }
    }

    /// Types a line and sends it.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.press(":");
        self.type_text(line);
        self.press("enter");
    }

    /// Does something at the terminal.
    pub(crate) fn do_input(&mut self, input: Input) {
        self.with_disk(|person, disk| {
            person.does(input, disk);
        });
    }

    /// Asks for something.
    pub(crate) fn act(&mut self, action: Action) {
        self.with_disk(|person, disk| person.asks(action, disk));
    }

    fn with_disk(&mut self, does: impl FnOnce(&mut ui::person::Person, Disk<'_>)) {
        let kept = &self.kept;
        let load = |name: &str| -> Result<Files, String> {
            if name == "kept.yaml" {
                let text = kept.borrow().clone();
                return Ok(Files::from([(name.to_owned(), text.into_bytes().into())]));
            }
            Err(format!("error: the path \"{name}\" does not exist"))
        };
        let keep = |_: &str, text: &str, _: bool| {
            text.clone_into(&mut kept.borrow_mut());
            Ok(())
        };
        let disk = Disk {
            load: &load,
            keep: &keep,
        };
        does(&mut self.at, disk);
    }

    /// Lets seconds of the wall pass.
    pub(crate) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            self.at.waits(Duration::from_millis(100));
        }
    }

    /// The frame of this moment.
    pub(crate) fn frame(&self) -> Drawn {
        self.at.sees()
    }

    /// The characters of the frame.
    pub(crate) fn text(&self) -> String {
        self.frame().to_text()
    }
}
