//! Colours by meaning; panes name a role and never a colour.

use ratatui::style::{Color, Modifier, Style};

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Plain text.
    Text,
    /// Less important text: ids, revisions, causes.
    Dim,
    /// Titles of panes.
    Title,
    /// Frames of panes.
    Border,
    /// The frame of the pane that has the keys.
    Focus,
    /// The selected row.
    Selected,
    /// What changed in this step.
    Fresh,
    /// As it should be.
    Good,
    /// On its way.
    Waiting,
    /// Not as it should be.
    Bad,
    /// What is wanted.
    Desired,
    /// What is there.
    Current,
    /// Something to press.
    Key,
}

/// The styles of all roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    background: Color,
    roles: Vec<(Role, Style)>,
}

impl Theme {
    /// Light text on a dark ground, in colours that colour-blind people tell apart (Okabe and Ito).
    #[must_use]
    pub fn dark() -> Self {
        let plain = Style::new();
        let rgb = |red, green, blue| plain.fg(Color::Rgb(red, green, blue));
        let roles = vec![
            (Role::Text, rgb(230, 230, 230)),
            (Role::Dim, rgb(170, 170, 178)),
            (Role::Title, rgb(255, 255, 255).add_modifier(Modifier::BOLD)),
            (Role::Border, rgb(110, 110, 120)),
            (Role::Focus, rgb(86, 180, 233)),
            (Role::Selected, plain.add_modifier(Modifier::REVERSED)),
            (Role::Fresh, rgb(240, 228, 66).add_modifier(Modifier::BOLD)),
            (Role::Good, rgb(64, 196, 150)),
            (Role::Waiting, rgb(240, 190, 90)),
            (Role::Bad, rgb(255, 130, 90).add_modifier(Modifier::BOLD)),
            (Role::Desired, rgb(120, 190, 240)),
            (Role::Current, rgb(64, 196, 150)),
            (Role::Key, rgb(255, 255, 255).add_modifier(Modifier::BOLD)),
        ];
        Self {
            background: Color::Rgb(16, 18, 24),
            roles,
        }
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.roles
            .iter()
            .find(|(each, _)| *each == role)
            .map_or_else(Style::new, |(_, style)| *style)
    }

    /// The ground.
    #[must_use]
    pub fn background(&self) -> Color {
        self.background
    }
}
