//! A person at the screen without a terminal: keys go in, the world goes on, frames come out.

use std::cell::RefCell;

use glassplane::cluster::driver::{Driver, Snapshot};
use glassplane::cluster::{Cluster, ClusterConfig, Files};
use glassplane::ui::action::Action;
use glassplane::ui::frame::{self, Drawn};
use glassplane::ui::keymap::action_for;
use glassplane::ui::model::Model;
use glassplane::ui::theme::Theme;
use glassplane::ui::update::{self, Around, Disk};
use glassplane::ui::view::View;
use glassplane::ui::{self, Opening};

/// The screen, its world, and no clock.
pub(crate) struct Person {
    driver: Driver,
    pub(crate) model: Model,
    theme: Theme,
    /// The last text that was saved; it is loaded as `kept.yaml`.
    pub(crate) kept: RefCell<String>,
}

impl Person {
    /// Somebody who opens the program for the first time, on three nodes.
    pub(crate) fn on_first_visit(width: u16, height: u16) -> Self {
        let cluster = Cluster::new(ClusterConfig::default());
        let (cluster, model) = ui::open(cluster, Opening::FirstVisit, None);
        let mut person = Self {
            driver: Driver::new(cluster),
            model,
            theme: Theme::dark(),
            kept: RefCell::default(),
        };
        person.act(Action::Resize(width, height));
        person
    }

    /// Somebody who opens a world.
    pub(crate) fn before(cluster: Cluster, width: u16, height: u16) -> Self {
        let mut person = Self::on_first_visit(width, height);
        let (cluster, model) = ui::open(cluster, Opening::Given, None);
        person.driver = Driver::new(cluster);
        person.model = model;
        person.act(Action::Resize(width, height));
        person
    }

    /// The same screen in other colours.
    pub(crate) fn with_theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// What is to be seen now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.driver.snapshot()
    }

    /// Presses keys as the table of keys writes them, with blanks between.
    pub(crate) fn press(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            let press = key.parse().expect("the test presses keys");
            if let Some(action) = action_for(self.model.situation(), press) {
                self.act(action);
            }
        }
    }

    /// Types a text letter by letter.
    pub(crate) fn type_text(&mut self, text: &str) {
        for letter in text.chars() {
            let key = match letter {
                ' ' => "space".to_owned(),
                '\n' => "enter".to_owned(),
                other => other.to_string(),
            };
            self.press(&key);
        }
    }

    /// Types a line and sends it.
    pub(crate) fn type_line(&mut self, line: &str) {
        self.press(":");
        self.type_text(line);
        self.press("enter");
    }

    /// Asks for something.
    pub(crate) fn act(&mut self, action: Action) {
        let snapshot = self.snapshot();
        let load = |name: &str| -> Result<Files, String> {
            if name == "kept.yaml" {
                let text = self.kept.borrow().clone();
                return Ok(Files::from([(name.to_owned(), text.into_bytes().into())]));
            }
            Err(format!("error: the path \"{name}\" does not exist"))
        };
        let keep = |_: &str, text: &str, _: bool| {
            text.clone_into(&mut self.kept.borrow_mut());
            Ok(())
        };
        let disk = Disk {
            load: &load,
            keep: &keep,
        };
        let around = Around {
            snapshot: &snapshot,
            disk,
        };
        for order in update::update(&mut self.model, action, around) {
            self.driver.obey(order);
        }
        update::notice(&mut self.model, &self.driver.snapshot());
    }

    /// Lets seconds of the wall pass.
    pub(crate) fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            let tenth = std::time::Duration::from_millis(100);
            self.driver.pass(tenth, || false);
            update::notice(&mut self.model, &self.driver.snapshot());
        }
    }

    /// The frame of this moment.
    pub(crate) fn frame(&self) -> Drawn {
        frame::of(&View {
            snapshot: &self.snapshot(),
            model: &self.model,
            theme: &self.theme,
        })
    }

    /// The characters of the frame.
    pub(crate) fn text(&self) -> String {
        self.frame().to_text()
    }
}
