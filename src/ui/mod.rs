//! The screen: what a person sees and does. A pane is a function of a snapshot.

pub mod model;
pub mod panes;
pub mod theme;
pub mod view;
/// placeholder
pub enum Opening {
    /// a
    FirstVisit,
    /// b
    Given,
}
/// placeholder
/// # Errors
/// none
pub fn run(_c: crate::cluster::Cluster, _o: Opening) -> Result<(), String> {
    Ok(())
}
pub mod frame {
    //! placeholder
    /// w
    pub struct Wanted {
        /// s
        pub size: (u16, u16),
        /// v
        pub view: char,
        /// s
        pub select: Option<String>,
    }
    /// d
    pub struct Drawn;
    impl Drawn {
        /// t
        pub fn to_text(&self) -> String {
            String::new()
        }
        /// a
        pub fn to_ansi(&self) -> String {
            String::new()
        }
        /// s
        pub fn to_svg(&self) -> String {
            String::new()
        }
    }
    /// d
    /// # Errors
    /// n
    pub fn draw(_c: crate::cluster::Cluster, _w: &Wanted) -> Result<Drawn, String> {
        Ok(Drawn)
    }
}
