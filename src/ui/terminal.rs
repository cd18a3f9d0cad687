//! The terminal: entered once, and given back on every way out, a panic among them.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{
    DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture,
};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::mouse::Mouse;

/// A frame goes out in few large writes: cheaper, and it does not tear over ssh.
const BUFFER_BYTES: usize = 64 << 10;

/// The terminal that we draw on, through one large buffer.
pub type Canvas = Terminal<CrosstermBackend<BufWriter<Stdout>>>;

/// The terminal while it is ours. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Screen {
    canvas: Canvas,
}

impl Screen {
    /// Takes the terminal: raw, on its other screen, pasted text in one piece, no cursor.
    ///
    /// # Errors
    /// When there is no terminal, or it does not do what it is told.
    pub fn enter(mouse: Mouse) -> io::Result<Self> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            let words = "the screen needs one; `glassplane run` and `glassplane frame` do without";
            return Err(io::Error::new(io::ErrorKind::Unsupported, words));
        }
        leave_on_panic();
        enable_raw_mode()?;
        IS_OURS.store(true, Ordering::SeqCst);
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, io::stdout());
        let entered = execute!(
            out,
            EnterAlternateScreen,
            Clear(ClearType::All),
            EnableBracketedPaste
        )
        .and_then(|()| match mouse {
            Mouse::Heard => execute!(out, EnableMouseCapture),
            Mouse::Ignored => Ok(()),
        })
        .and_then(|()| Terminal::new(CrosstermBackend::new(out)))
        .and_then(|mut canvas| {
            canvas.hide_cursor()?;
            Ok(Self { canvas })
        });
        if entered.is_err() {
            leave();
        }
        entered
    }

    /// Where to draw.
    pub fn canvas(&mut self) -> &mut Canvas {
        &mut self.canvas
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

/// Whether the terminal is ours.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back, once: leaving the other screen twice would put the cursor back to where it
/// was before a panic told its message. There is nobody to tell when it fails.
fn leave() {
    if !IS_OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(
        out,
        DisableMouseCapture,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        crossterm::cursor::Show
    );
    let _ = out.flush();
    let _ = disable_raw_mode();
}

/// A panic anywhere, also in a background task, gives the terminal back before it says what happened.
fn leave_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |what| {
            leave();
            before(what);
        }));
    });
}
