//! The one asynchronous file: a background task drives the world at a pace and publishes snapshots.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::{Cluster, Command, History};
use crate::api::Key;
use crate::sim::{RecordKind, Time, Urgency};

/// How often a running world is shown.
const BEAT: Duration = Duration::from_millis(33);

/// How long one beat may be busy, so that keys are answered in time.
const BUSY_MOST: Duration = Duration::from_millis(15);

/// How far an advance looks for what it waits for.
const ADVANCE_MOST: Duration = Duration::from_hours(1);

/// How fast the world goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many happenings a second, however far apart they are in virtual time. It stops by itself
    /// when the world has settled.
    Steps {
        /// Happenings in ten seconds, so that slow paces are whole numbers.
        in_ten_seconds: u32,
    },
    /// Virtual time goes so many times faster than the clock on the wall.
    Clock {
        /// Hundredths: 100 is as fast as the wall.
        hundredths: u32,
    },
}

/// What an advance waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// One happening. Heartbeats are passed over while there is work.
    Step,
    /// The next write.
    Write,
    /// Something about an object.
    About(Key),
    /// Nothing left but heartbeats.
    Settled,
}

/// What the screen may ask.
#[derive(Clone, Debug)]
pub enum Order {
    /// A command for the world.
    Submit(Command),
    /// Go forward until something.
    Advance(Until),
    /// Go on at the pace, or stop.
    Run(bool),
    /// Change the pace.
    Pace(Pace),
    /// Show the world as it was after a step; the newest one when there is none so late.
    Show(u64),
    /// Begin again with another world.
    Replace(Box<Cluster>),
}

/// What the screen may see: one moment of the world. It never changes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The world at that moment.
    pub world: Arc<Cluster>,
    /// The newest state of the same run.
    pub head: Arc<Cluster>,
    /// Whether it goes on by itself.
    pub running: bool,
    /// How fast.
    pub pace: Pace,
    /// Something to tell the person at the screen.
    pub message: Option<String>,
}

impl Snapshot {
    /// A world that stands still.
    #[must_use]
    pub fn of(cluster: Cluster) -> Self {
        let world = Arc::new(cluster);
        Self {
            head: Arc::clone(&world),
            world,
            running: false,
            pace: Pace::default(),
            message: None,
        }
    }

    /// Whether this is the newest moment.
    #[must_use]
    pub fn is_newest(&self) -> bool {
        self.world.steps() >= self.head.steps()
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::Steps { in_ten_seconds: 20 }
    }
}

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
pub fn spawn(cluster: Cluster) -> Engine {
    let (orders, inbox) = mpsc::channel(64);
    let driver = Driver::new(cluster);
    let (outbox, snapshots) = watch::channel(Arc::new(driver.snapshot()));
    tokio::spawn(driver.drive(inbox, outbox));
    Engine { orders, snapshots }
}

/// The world with its past and its pace. It knows no clock: whoever drives it says how much time
/// has passed, so tests drive it without waiting.
#[derive(Debug)]
pub struct Driver {
    head: Cluster,
    history: History,
    shown: Option<Arc<Cluster>>,
    running: bool,
    pace: Pace,
    owed: Duration,
    clock: Time,
    message: Option<String>,
}

impl Driver {
    /// A driver that stands still at the world's present.
    #[must_use]
    pub fn new(cluster: Cluster) -> Self {
        Self {
            history: History::starting_at(&cluster),
            clock: cluster.now(),
            head: cluster,
            shown: None,
            running: false,
            pace: Pace::default(),
            owed: Duration::ZERO,
            message: None,
        }
    }

    /// This moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let head = Arc::new(self.head.clone());
        let world = self.shown.clone().unwrap_or_else(|| Arc::clone(&head));
        let message = self.message.clone();
        Snapshot {
            world,
            head,
            running: self.running,
            pace: self.pace,
            message,
        }
    }

    /// Whether it goes on by itself.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Obeys one order.
    pub fn obey(&mut self, order: Order) {
        self.message = None;
        match order {
            Order::Submit(command) => self.submit(command),
            Order::Advance(until) => self.advance(&until),
            Order::Run(running) => {
                self.running = running;
                self.owed = Duration::ZERO;
                self.clock = self.shown_now();
            }
            Order::Pace(pace) => {
                self.pace = pace;
                self.owed = Duration::ZERO;
                self.clock = self.shown_now();
            }
            Order::Show(step) => {
                self.running = false;
                self.show(step);
            }
            Order::Replace(cluster) => {
                *self = Self {
                    pace: self.pace,
                    ..Self::new(*cluster)
                }
            }
        }
    }

    fn submit(&mut self, command: Command) {
        if self.shown.is_some() {
            self.message =
                Some("This is the past. Go to the newest step to change something.".to_owned());
            return;
        }
        match self.head.misses(&command) {
            Some(message) => self.message = Some(message),
            None => self.head.submit(command),
        }
    }

    fn show(&mut self, step: u64) {
        let is_past = step < self.head.steps();
        self.shown = is_past.then(|| Arc::new(self.history.at(step, &self.head)));
    }

    fn step(&mut self) -> bool {
        let went = self.head.step();
        if went {
            self.history.keep(&self.head);
        }
        went
    }

    fn advance(&mut self, until: &Until) {
        self.running = false;
        if let Some(shown) = self.shown.take() {
            self.advance_past(&shown, until);
            return;
        }
        if *until == Until::Settled && self.head.is_settled() {
            self.message = Some("Settled: nothing is left but heartbeats.".to_owned());
            return;
        }
        let end = self.head.now() + ADVANCE_MOST;
        let work_first = !self.head.is_settled();
        loop {
            let Some((at, urgency)) = self.head.next_at() else {
                return;
            };
            if at > end {
                self.message =
                    Some("Nothing of the kind within an hour of virtual time.".to_owned());
                return;
            }
            let before = self.head.trace().next_id();
            self.step();
            if *until == Until::Step && work_first && urgency == Urgency::Periodic {
                continue;
            }
            if has_come(&self.head, before, until) {
                return;
            }
        }
    }

    /// Goes forward through what is already recorded.
    fn advance_past(&mut self, shown: &Cluster, until: &Until) {
        let mut world = shown.clone();
        while world.steps() < self.head.steps() {
            let before = world.trace().next_id();
            let next = world.steps() + 1;
            world.replay(&self.head, next);
            if has_come(&world, before, until) {
                break;
            }
        }
        self.show(world.steps());
    }

    /// Lets so much time of the wall pass. Returns false when nothing more can be done now, true when
    /// `is_late` said to stop before all was done.
    pub fn pass(&mut self, elapsed: Duration, mut is_late: impl FnMut() -> bool) {
        if !self.running {
            return;
        }
        if let Some(shown) = self.shown.take() {
            self.play(&shown, elapsed, is_late);
            return;
        }
        match self.pace {
            Pace::Steps { in_ten_seconds } => {
                self.owed += elapsed * in_ten_seconds;
                while self.owed >= Duration::from_secs(10) && self.running && !is_late() {
                    self.owed -= Duration::from_secs(10);
                    if self.head.is_settled() {
                        self.running = false;
                        self.message = Some("Settled: nothing is left but heartbeats.".to_owned());
                    } else {
                        self.step_over_heartbeats();
                    }
                }
            }
            Pace::Clock { hundredths } => {
                self.clock = self.clock + elapsed * hundredths / 100;
                while self.head.next_at().is_some_and(|(at, _)| at <= self.clock) && !is_late() {
                    self.step();
                }
                self.head.wait_until(self.clock);
            }
        }
    }

    /// Plays what is already recorded, at the pace; at its end the world goes on by itself.
    fn play(&mut self, shown: &Cluster, elapsed: Duration, mut is_late: impl FnMut() -> bool) {
        let mut world = shown.clone();
        match self.pace {
            Pace::Steps { in_ten_seconds } => self.owed += elapsed * in_ten_seconds,
            Pace::Clock { hundredths } => self.clock = self.clock + elapsed * hundredths / 100,
        }
        while world.steps() < self.head.steps() && !is_late() {
            match self.pace {
                Pace::Steps { .. } if self.owed >= Duration::from_secs(10) => {
                    self.owed -= Duration::from_secs(10);
                }
                Pace::Clock { .. } if world.now() < self.clock => {}
                Pace::Steps { .. } | Pace::Clock { .. } => break,
            }
            let next = world.steps() + 1;
            world.replay(&self.head, next);
        }
        let is_past = world.steps() < self.head.steps();
        self.shown = is_past.then(|| Arc::new(world));
    }

    /// The time of the moment that is shown.
    fn shown_now(&self) -> Time {
        self.shown
            .as_ref()
            .map_or_else(|| self.head.now(), |shown| shown.now())
    }

    fn step_over_heartbeats(&mut self) {
        while let Some((_, urgency)) = self.head.next_at() {
            if !self.step() || urgency == Urgency::Work {
                return;
            }
        }
    }

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
                    if !self.running {
                        last = Instant::now();
                    }
                    self.obey(order);
                }
                () = beat, if self.running => {
                    let now = Instant::now();
                    self.pass(now - last, || now.elapsed() > BUSY_MOST);
                    last = now;
                }
            }
            outbox.send_replace(Arc::new(self.snapshot()));
        }
    }
}

/// Whether what was waited for is among the records since `before`.
fn has_come(cluster: &Cluster, before: crate::sim::RecordId, until: &Until) -> bool {
    let mut records = cluster.trace().since(before);
    match until {
        Until::Step => true,
        Until::Write => records.any(|record| record.kind() == RecordKind::StoreCommit),
        Until::About(key) => records.any(|record| record.object().as_ref() == Some(key)),
        Until::Settled => cluster.is_settled(),
    }
}
