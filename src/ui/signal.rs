//! The signals that end a process: the screen answers them by leaving in good order.

use std::io;

/// Waits until the process is told to end: by SIGTERM, or by SIGHUP when its terminal goes away.
///
/// # Errors
/// When the system does not let it listen.
#[cfg(unix)]
pub async fn told_to_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}

/// Elsewhere only Ctrl-C is told, and it comes as a key.
#[cfg(not(unix))]
pub async fn told_to_end() -> io::Result<()> {
    std::future::pending().await
}
