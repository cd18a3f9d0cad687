//! The real program in a pseudo-terminal: it starts, obeys, changes its size, and gives the terminal
//! back on every way out.

use std::env;
use std::fs;
use std::io::Write;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use glassplane::ui::mouse::Mouse;
use glassplane::ui::terminal::Screen;
use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, native_pty_system};
use vt100::MouseProtocolMode;

/// After so long without a byte the program hangs: the test fails instead of waiting for ever.
const SILENCE_MOST: Duration = Duration::from_secs(30);

/// Tells the test binary that it is the program that panics.
const PANICS: &str = "GLASSPLANE_TEST_PANICS";

/// A program in a terminal of its own, and what the terminal shows.
struct Program {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    terminal: vt100::Parser,
    modes_before: String,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn count(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a terminal has rows and columns")
}

/// How the terminal treats what is typed: line by line with an echo, or raw.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios())
}

impl Program {
    fn start(command: CommandBuilder) -> Self {
        let PtyPair { master, slave } = native_pty_system()
            .openpty(size(80, 24))
            .expect("the system has terminals");
        let modes_before = modes(&*master);
        let child = slave.spawn_command(command).expect("the program starts");
        let mut reader = master.try_clone_reader().expect("it can be read");
        let keys = master.take_writer().expect("it can be written to");
        let (sender, output) = channel();
        thread::spawn(move || {
            // The terminal stays open, so the modes can be asked for when the program is gone.
            let _slave = slave;
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut bytes) {
                if sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self {
            master,
            child,
            keys,
            output,
            terminal: vt100::Parser::new(count(24), count(80), 0),
            modes_before,
        }
    }

    /// The program itself, with a folder of its own for drafts.
    fn glassplane(name: &str) -> (Self, PathBuf) {
        let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&state);
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_glassplane"));
        command.env("TERM", "xterm-256color");
        command.env("XDG_STATE_HOME", &state);
        command.env_remove("NO_COLOR");
        (Self::start(command), state)
    }

    fn text(&self) -> String {
        self.terminal.screen().contents()
    }

    /// Reads until the screen is as wanted.
    fn wait_for(&mut self, what: &str, is_there: impl Fn(&vt100::Screen) -> bool) {
        while !is_there(self.terminal.screen()) {
            let Ok(bytes) = self.output.recv_timeout(SILENCE_MOST) else {
                panic!("no {what} on\n{}", self.text());
            };
            self.terminal.process(&bytes);
        }
    }

    fn wait_for_text(&mut self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("it reads");
        self.keys.flush().expect("it reads");
    }

    fn resize(&mut self, columns: u16, rows: u16) {
        self.terminal
            .screen_mut()
            .set_size(count(rows), count(columns));
        self.master.resize(size(columns, rows)).expect("it can");
    }

    /// Waits for the end, and looks whether the terminal is as it was.
    fn ends(mut self, with: u32, saying: &str) {
        self.wait_for("end", |screen| {
            !screen.alternate_screen() && screen.contents().contains(saying)
        });
        let status = self.child.wait().expect("it can be waited for");
        assert_eq!(status.exit_code(), with, "{}", self.text());
        let screen = self.terminal.screen();
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "pasted text is still marked");
        let mouse = screen.mouse_protocol_mode();
        assert_eq!(mouse, MouseProtocolMode::None, "the mouse is still ours");
        assert_eq!(modes(&*self.master), self.modes_before);
    }
}

#[test]
fn it_starts_steps_edits_applies_and_ends_with_ctrl_c() {
    let (mut program, state) = Program::glassplane("terminal-whole");
    program.wait_for_text("Press a to send this manifest");
    let screen = program.terminal.screen();
    assert!(screen.alternate_screen());
    assert_ne!(screen.mouse_protocol_mode(), MouseProtocolMode::None);

    // The replicas are on line 6.
    program.press("i\x1b[B\x1b[B\x1b[B\x1b[B\x1b[B\x1b[F\x7f3");
    program.wait_for_text("replicas: 3");
    program.press("\x13");
    program.wait_for_text("kubectl is about to send it");
    assert!(state.join("glassplane/draft.yaml").exists());

    program.press("n");
    program.wait_for_text("runs: kubectl apply -f -");
    program.press("F");
    program.wait_for("three running pods", |screen| {
        screen.contents().matches("Running").count() == 3
    });

    program.press(":get deployments\r");
    program.wait_for_text("UP-TO-DATE");
    program.press("\x1b");
    program.wait_for("panes", |screen| !screen.contents().contains("UP-TO-DATE"));

    program.resize(20, 5);
    program.wait_for_text("80×24 needed");
    program.resize(80, 24);
    program.wait_for_text("7 Events");

    program.press("\x03");
    program.ends(0, "");
    let draft = fs::read_to_string(state.join("glassplane/draft.yaml"));
    assert!(draft.is_ok_and(|text| text.contains("replicas: 3")));
}

#[test]
fn what_was_typed_is_there_again_at_the_next_start() {
    let (mut program, state) = Program::glassplane("terminal-draft");
    program.wait_for_text("Press a to send this manifest");
    program.press("i# mine\r");
    program.wait_for_text("# mine");
    program.press("\x03");
    program.ends(0, "");

    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_glassplane"));
    command.env("TERM", "xterm-256color");
    command.env("XDG_STATE_HOME", &state);
    let mut program = Program::start(command);
    program.wait_for_text("# mine");
    program.press("q");
    program.ends(0, "");
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_says_what_happened() {
    if env::var_os(PANICS).is_some() {
        let _screen = Screen::enter(Mouse::Heard).expect("there is a terminal");
        panic!("on purpose");
    }
    let program = env::current_exe().expect("the test binary has a path");
    let mut command = CommandBuilder::new(program);
    command.args([
        "--exact",
        "--nocapture",
        "terminal::a_panic_gives_the_terminal_back_before_it_says_what_happened",
    ]);
    command.env(PANICS, "1");
    command.env("RUST_BACKTRACE", "0");
    command.env("TERM", "xterm-256color");
    Program::start(command).ends(101, "on purpose");
}

#[cfg(unix)]
#[test]
fn a_signal_to_end_gives_the_terminal_back_and_keeps_the_draft() {
    let (mut program, state) = Program::glassplane("terminal-signal");
    program.wait_for_text("Press a to send this manifest");
    program.press("i# kept\r");
    program.wait_for_text("# kept");
    let process = program.child.process_id().expect("it runs").to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &process])
        .status();
    assert!(sent.is_ok_and(|status| status.success()));
    program.ends(0, "");
    let draft = fs::read_to_string(state.join("glassplane/draft.yaml"));
    assert!(draft.is_ok_and(|text| text.contains("# kept")));
}
