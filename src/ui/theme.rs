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

impl Role {
    /// Every role.
    pub const ALL: [Self; 13] = [
        Self::Text,
        Self::Dim,
        Self::Title,
        Self::Border,
        Self::Focus,
        Self::Selected,
        Self::Fresh,
        Self::Good,
        Self::Waiting,
        Self::Bad,
        Self::Desired,
        Self::Current,
        Self::Key,
    ];
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
            (Role::Dim, rgb(172, 174, 184)),
            (Role::Title, rgb(255, 255, 255).add_modifier(Modifier::BOLD)),
            (Role::Border, rgb(126, 130, 144)),
            (Role::Focus, rgb(86, 180, 233)),
            (
                Role::Selected,
                rgb(16, 18, 24)
                    .bg(Color::Rgb(150, 205, 245))
                    .add_modifier(Modifier::BOLD),
            ),
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

    /// No colour at all: for `NO_COLOR`, and to see that nothing is told by colour alone.
    #[must_use]
    pub fn mono() -> Self {
        let plain = Style::new();
        let with = |modifier| plain.add_modifier(modifier);
        let roles = vec![
            (Role::Text, plain),
            (Role::Dim, plain),
            (Role::Title, with(Modifier::BOLD)),
            (Role::Border, plain),
            (Role::Focus, with(Modifier::BOLD)),
            (Role::Selected, with(Modifier::REVERSED)),
            (Role::Fresh, with(Modifier::BOLD | Modifier::UNDERLINED)),
            (Role::Good, plain),
            (Role::Waiting, plain),
            (Role::Bad, with(Modifier::BOLD)),
            (Role::Desired, plain),
            (Role::Current, plain),
            (Role::Key, with(Modifier::BOLD)),
        ];
        Self {
            background: Color::Reset,
            roles,
        }
    }

    /// The style of the whole screen before anything is drawn.
    #[must_use]
    pub fn ground(&self) -> Style {
        self.style(Role::Text).bg(self.background)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance. Source: WCAG 2.1.
    fn luminance(color: Color) -> f64 {
        let Color::Rgb(red, green, blue) = color else {
            panic!("{color:?} has no fixed luminance");
        };
        let linear = |channel: u8| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(one: Color, other: Color) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_has_a_contrast_of_at_least_7_and_lines_of_4_5() {
        let theme = Theme::dark();
        for role in Role::ALL {
            let style = theme.style(role);
            let ground = style.bg.unwrap_or(theme.background());
            let text = style.fg.expect("every role of the dark theme has a colour");
            let least = if role == Role::Border { 4.5 } else { 7.0 };
            let contrast = contrast(text, ground);
            assert!(contrast >= least, "{role:?}: {contrast:.1}");
        }
    }

    #[test]
    fn mono_knows_every_role_and_no_colour() {
        let theme = Theme::mono();
        assert_eq!(theme.roles.len(), Role::ALL.len());
        for role in Role::ALL {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
    }
}
