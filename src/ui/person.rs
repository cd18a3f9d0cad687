//! Somebody at the screen without a terminal: keys go in, the world goes on, frames come out.

use std::time::Duration;

use super::action::Action;
use super::frame::{self, Drawn};
use super::input::Input;
use super::key::KeyPress;
use super::keymap::Binding;
use super::model::Model;
use super::theme::Theme;
use super::update::{self, Around, Disk};
use super::view::View;
use crate::cluster::driver::{Driver, Order, Snapshot};

/// The screen, its world, and no clock. What a person does goes the same way as on a terminal.
#[derive(Debug)]
pub struct Person {
    driver: Driver,
    /// What the screen remembers.
    pub model: Model,
    /// The colours.
    pub theme: Theme,
}

impl Person {
    /// Somebody before a world that a driver drives.
    #[must_use]
    pub fn before(driver: Driver, model: Model) -> Self {
        let mut person = Self {
            driver,
            model,
            theme: Theme::dark(),
        };
        person.notice();
        person
    }

    /// What is to be seen now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.driver.snapshot()
    }

    /// Does something, and says whether it asked for anything where the keys are now.
    pub fn does(&mut self, input: Input, disk: Disk<'_>) -> bool {
        let actions = input.actions(&View {
            snapshot: &self.snapshot(),
            model: &self.model,
            theme: &self.theme,
            targets: None,
        });
        let asked = !actions.is_empty();
        for action in actions {
            self.asks(action, disk);
        }
        asked
    }

    /// Presses keys one after another.
    ///
    /// # Errors
    /// Names the first key that asks for nothing where it is pressed, and those that would.
    pub fn presses(&mut self, keys: &[KeyPress], disk: Disk<'_>) -> Result<(), String> {
        for (place, key) in keys.iter().enumerate() {
            if !self.does(Input::Press(*key), disk) {
                let bindings = self.model.situation().bindings();
                let others: Vec<String> = bindings.map(Binding::first_key).collect();
                return Err(format!(
                    "key {} of {}, {key}, asks for nothing here; these do: {}",
                    place + 1,
                    keys.len(),
                    others.join(" ")
                ));
            }
        }
        Ok(())
    }

    /// Asks for something.
    pub fn asks(&mut self, action: Action, disk: Disk<'_>) {
        let snapshot = &self.driver.snapshot();
        for order in update::update(&mut self.model, action, Around { snapshot, disk }) {
            self.driver.obey(order);
        }
        self.notice();
    }

    /// Orders something of the world.
    pub fn orders(&mut self, order: Order) {
        self.driver.obey(order);
        self.notice();
    }

    /// Lets so much time of the wall pass.
    pub fn waits(&mut self, elapsed: Duration) {
        self.driver.pass(elapsed, || false);
        self.notice();
    }

    /// The frame of this moment.
    #[must_use]
    pub fn sees(&self) -> Drawn {
        frame::of(&View {
            snapshot: &self.snapshot(),
            model: &self.model,
            theme: &self.theme,
            targets: None,
        })
    }

    fn notice(&mut self) {
        update::notice(&mut self.model, &self.driver.snapshot());
    }
}
