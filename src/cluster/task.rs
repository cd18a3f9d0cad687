//! The one asynchronous file: a background task drives the world at a pace and publishes snapshots.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::driver::{Driver, Order, Snapshot};

/// How often a running world is shown.
const BEAT: Duration = Duration::from_millis(33);

/// How long one beat may be busy, so that keys are answered in time.
const BUSY_MOST: Duration = Duration::from_millis(15);

/// The two ends that a screen holds.
#[derive(Debug)]
pub struct Engine {
    /// To ask.
    pub orders: mpsc::Sender<Order>,
    /// To see; only the latest counts.
    pub snapshots: watch::Receiver<Arc<Snapshot>>,
}

/// Starts the task that drives a world. It ends when the sender of orders is dropped.
#[must_use]
pub fn spawn(driver: Driver) -> Engine {
    let (orders, inbox) = mpsc::channel(64);
    let (outbox, snapshots) = watch::channel(Arc::new(driver.snapshot()));
    tokio::spawn(driver.drive(inbox, outbox));
    Engine { orders, snapshots }
}

impl Driver {
    async fn drive(
        mut self,
        mut inbox: mpsc::Receiver<Order>,
        outbox: watch::Sender<Arc<Snapshot>>,
    ) {
        let mut last = Instant::now();
        loop {
            let beat = sleep_until(last + BEAT);
            tokio::select! {
                biased;
                order = inbox.recv() => {
                    let Some(order) = order else { return };
                    if !self.is_running() {
                        last = Instant::now();
                    }
                    self.obey(order);
                }
                () = beat, if self.is_running() => {
                    let now = Instant::now();
                    self.pass(now - last, || now.elapsed() > BUSY_MOST);
                    last = now;
                }
            }
            outbox.send_replace(Arc::new(self.snapshot()));
        }
    }
}
