//! What drives the world: its runs, its pace, where it stops. It knows no clock: whoever drives says
//! how much time has passed, so tests drive without waiting.

use std::sync::Arc;
use std::time::Duration;

use super::breakpoint::{BreakOrder, Breakpoints, Stop};
use super::expression::Watched;
pub use super::history::When;
use super::runs::{Bookmark, RunSummary, Runs};
use super::session::Replayed;
use super::{Cluster, Command, Expression, ExpressionError, History, Horizon, Record};
use crate::api::Key;
use crate::sim::{RecordId, RecordKind, Time};

/// How far an advance looks for what it waits for.
const ADVANCE_MOST: Duration = Duration::from_hours(1);

/// How fast the world goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Nothing moves by itself: each key makes one happening. For whoever presents.
    Keys,
}

impl Default for Pace {
    fn default() -> Self {
        Self::Steps { in_ten_seconds: 20 }
    }
}

/// What an advance waits for.
#[derive(Clone, Debug)]
pub enum Until {
    /// One happening. Heartbeats and news on which nobody acts are passed over while there is work.
    Step,
    /// The next write.
    Write,
    /// Something about an object.
    About(Key),
    /// A loop is done with a key: it took it, compared, acted, and got its answers.
    Reconciled,
    /// An expression is true.
    True(Expression),
    /// Nothing left but heartbeats.
    Settled,
    /// A moment that is still to come.
    Moment(Time),
}

impl Until {
    /// Whether waiting may be in vain in a world that goes on for ever.
    const fn may_never_come(&self) -> bool {
        match self {
            Self::About(_) | Self::Reconciled | Self::True(_) => true,
            Self::Step | Self::Write | Self::Settled | Self::Moment(_) => false,
        }
    }
}

/// What the screen may ask.
#[derive(Clone, Debug)]
pub enum Order {
    /// A command for the world at its newest moment.
    Submit(Command),
    /// Another run that leaves this one at the moment that is shown, with a command of its own.
    Fork(Option<Command>),
    /// Go forward until something.
    Advance(Until),
    /// Go on at the pace, or stop.
    Run(bool),
    /// Change the pace.
    Pace(Pace),
    /// Show the world at a moment.
    Show(When),
    /// Change the breakpoints.
    Break(BreakOrder),
    /// Give the moment that is shown a name.
    Mark(String),
    /// Show the run at a place of the list.
    Visit(usize),
    /// Show the first run, or, from there, the one shown before.
    VisitFirst,
    /// Put the run at a place of the list beside the one that is shown, or nothing.
    Beside(Option<usize>),
    /// Begin another run with what a session file says.
    Open(Box<Replayed>),
}

/// Another run beside the one that is shown: at the same time, or both at their ends.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Its place in the list of runs.
    pub place: usize,
    /// Its world.
    pub world: Arc<Cluster>,
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
    /// All runs.
    pub runs: Arc<[RunSummary]>,
    /// The place of the run that is shown.
    pub run: usize,
    /// The run to compare with.
    pub beside: Option<Beside>,
    /// What the world stops at.
    pub breakpoints: Arc<Breakpoints>,
    /// The breakpoint that stopped it last, until it goes on.
    pub stop: Option<Stop>,
    /// Moments with a name, by step.
    pub bookmarks: Arc<[Bookmark]>,
    /// The first moment that can still be shown.
    pub horizon: Horizon,
}

impl Snapshot {
    /// A world that stands still.
    #[must_use]
    pub fn of(cluster: Cluster) -> Self {
        // Nobody goes back from here, so nothing is lost either.
        Self {
            horizon: Horizon::default(),
            ..Driver::new(cluster).snapshot()
        }
    }

    /// Whether this is the newest moment.
    #[must_use]
    pub fn is_newest(&self) -> bool {
        self.world.steps() >= self.head.steps()
    }
}

/// The world with its past, its runs and its pace.
#[derive(Debug)]
pub struct Driver {
    runs: Runs,
    shown: Option<Arc<Cluster>>,
    running: bool,
    pace: Pace,
    owed: Duration,
    clock: Time,
    message: Option<String>,
    breakpoints: Breakpoints,
    stop: Option<Stop>,
    beside: Option<usize>,
}

impl Driver {
    /// A driver that stands still at the world's present.
    #[must_use]
    pub fn new(cluster: Cluster) -> Self {
        Self {
            clock: cluster.now(),
            runs: Runs::starting_at(cluster),
            shown: None,
            running: false,
            pace: Pace::default(),
            owed: Duration::ZERO,
            message: None,
            breakpoints: Breakpoints::default(),
            stop: None,
            beside: None,
        }
    }

    /// A driver that stands still at the end of a run that began with its world; its past is made again
    /// when somebody wants to see it.
    #[must_use]
    pub fn at_the_end_of(run: Cluster) -> Self {
        let beginning = Cluster::new(run.config().clone());
        let mut driver = Self::new(run);
        driver.runs.shown_mut().history = History::starting_at(&beginning);
        driver
    }

    /// A driver that stands still at the end of a session that was made again.
    #[must_use]
    pub fn replayed(replayed: Replayed) -> Self {
        let mut driver = Self::new(replayed.cluster.clone());
        driver.message = Some(replayed.words());
        let first = driver.runs.shown_mut();
        first.history = replayed.history;
        first.bookmarks = replayed.bookmarks;
        for (condition, is_on) in replayed.breakpoints {
            driver.breakpoints.restore(condition, is_on);
        }
        driver
    }

    /// This moment.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let run = self.runs.shown();
        let head = Arc::new(run.head.clone());
        let world = self.shown.clone().unwrap_or_else(|| Arc::clone(&head));
        Snapshot {
            beside: self.beside(&world),
            world,
            head,
            running: self.running,
            pace: self.pace,
            message: self.message.clone(),
            runs: self.runs.summaries(),
            run: self.runs.place(),
            breakpoints: Arc::new(self.breakpoints.clone()),
            stop: self.stop.clone(),
            bookmarks: run.bookmarks.as_slice().into(),
            horizon: run.history.horizon(),
        }
    }

    /// The run beside the shown one: at the time of the moment that is shown, or at its own end when the
    /// shown one has come to its end and settled.
    fn beside(&self, world: &Cluster) -> Option<Beside> {
        let place = self.beside?;
        let run = self.runs.get(place)?;
        let is_over = self.shown.is_none() && world.is_settled();
        let world = if is_over {
            run.head.clone()
        } else {
            run.history.at_time(world.now(), &run.head)
        };
        let world = Arc::new(world);
        Some(Beside { place, world })
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
            Order::Fork(command) => self.fork(command),
            Order::Advance(until) => self.advance(&until),
            Order::Run(true) if self.pace == Pace::Keys => self.advance(&Until::Step),
            Order::Run(running) => {
                self.running = running;
                self.begin();
            }
            Order::Pace(pace) => {
                self.pace = pace;
                self.running &= pace != Pace::Keys;
                self.begin();
            }
            Order::Show(when) => self.show(when),
            Order::Break(order) => {
                let words = self.breakpoints.obey(
                    order,
                    self.shown.as_deref().unwrap_or(&self.runs.shown().head),
                );
                self.message = Some(words);
            }
            Order::Mark(name) => self.mark(name),
            Order::Visit(place) => self.visit(place),
            Order::VisitFirst => self.visit(self.runs.other()),
            Order::Beside(place) => self.beside = place,
            Order::Open(replayed) => self.open(*replayed),
        }
    }

    /// Time begins to count from the moment that is shown.
    fn begin(&mut self) {
        self.owed = Duration::ZERO;
        self.clock = self.world().now();
        self.stop = None;
        let world = self.shown.as_deref().unwrap_or(&self.runs.shown().head);
        self.breakpoints.look(world);
    }

    fn submit(&mut self, command: Command) {
        if self.shown.is_some() {
            self.message =
                Some("This is the past: a command here needs a run of its own.".to_owned());
            return;
        }
        let head = &mut self.runs.shown_mut().head;
        match head.misses(&command) {
            Some(message) => self.message = Some(message),
            None => head.submit(command),
        }
    }

    fn fork(&mut self, command: Option<Command>) {
        self.running = false;
        let moment = self.world().clone();
        if let Some(message) = command.as_ref().and_then(|command| moment.misses(command)) {
            self.message = Some(message);
            return;
        }
        self.runs.fork(&moment, command);
        self.shown = None;
        self.beside = None;
        self.begin();
        let (name, step) = (&self.runs.shown().name, moment.steps());
        self.message = Some(format!(
            "This is {name}: it leaves the other run at step {step}."
        ));
    }

    fn show(&mut self, when: When) {
        self.running = false;
        self.stop = None;
        let run = self.runs.shown();
        if let When::Time(moment) = when
            && moment > run.head.now()
        {
            self.shown = None;
            self.advance(&Until::Moment(moment));
            return;
        }
        let world = match when {
            When::Newest => None,
            When::Step(step) => (step < run.head.steps()).then(|| run.at(step)),
            When::Record(record) => Some(run.history.at_record(record, &run.head)),
            When::Time(moment) => Some(run.history.at_time(moment, &run.head)),
        };
        let is_past = |world: &Cluster| world.steps() < run.head.steps();
        self.shown = world.filter(is_past).map(Arc::new);
        let horizon = run.history.horizon();
        if horizon.is_after(when) {
            self.message = Some(horizon.in_words(run.head.config().records_most));
        }
    }

    fn mark(&mut self, name: String) {
        let step = self.world().steps();
        let bookmarks = &mut self.runs.shown_mut().bookmarks;
        bookmarks.retain(|mark| mark.name != name);
        self.message = Some(format!("\"{name}\" is step {step}."));
        bookmarks.push(Bookmark { step, name });
        bookmarks.sort_by_key(|mark| mark.step);
    }

    fn visit(&mut self, place: usize) {
        self.running = false;
        self.shown = None;
        self.beside = self.beside.filter(|beside| *beside != place);
        if self.runs.show(place) {
            self.begin();
            self.message = Some(format!("This is {}.", self.runs.shown().name));
        }
    }

    fn open(&mut self, replayed: Replayed) {
        self.running = false;
        self.shown = None;
        self.beside = None;
        self.message = Some(replayed.words());
        for (condition, is_on) in replayed.breakpoints {
            self.breakpoints.restore(condition, is_on);
        }
        let (head, history) = (replayed.cluster, replayed.history);
        self.runs
            .open(&replayed.name, head, history, replayed.bookmarks);
        let message = self.message.take();
        self.begin();
        self.message = message;
    }

    /// The world at the moment that is shown.
    fn world(&self) -> &Cluster {
        self.shown.as_deref().unwrap_or(&self.runs.shown().head)
    }

    /// One step forward: through what is recorded, or of the newest state. Returns the first record of
    /// the step, or nothing when there is no step left.
    fn forward(&mut self) -> Option<RecordId> {
        let before = self.world().trace().next_id();
        let run = self.runs.shown_mut();
        let Some(shown) = &mut self.shown else {
            return run.step().then_some(before);
        };
        let world = Arc::make_mut(shown);
        let next = world.steps() + 1;
        if next < run.head.steps() {
            world.replay(&run.head, next);
        } else {
            self.shown = None;
        }
        Some(before)
    }

    /// Whether a breakpoint stops the world after the step that began with this record.
    fn is_stopped(&mut self, before: RecordId) -> bool {
        let world = self.shown.as_deref().unwrap_or(&self.runs.shown().head);
        self.stop = self.breakpoints.hit(world, before);
        if let Some(stop) = &self.stop {
            self.running = false;
            self.message = Some(stop.words.clone());
        }
        self.stop.is_some()
    }

    /// Goes on until something. What does not come within an hour, and may never come, costs no hour:
    /// the run stays where it was.
    fn advance(&mut self, until: &Until) {
        self.running = false;
        self.begin();
        let appointment = self.appointment(until);
        if appointment.is_none() && self.is_there_already(until) {
            return;
        }
        let end = self.world().now() + ADVANCE_MOST;
        let from = until
            .may_never_come()
            .then(|| (self.runs.shown().clone(), self.shown.clone()));
        let work_first = !self.world().is_settled();
        let mut watched = Watched::default();
        let not_before = appointment.unwrap_or(Time::START);
        while let Some((at, urgency)) = self.world().next_at() {
            if let Until::Moment(moment) = until
                && at > *moment
                && *moment <= end
            {
                self.runs.shown_mut().head.wait_until(*moment);
                return;
            }
            if at > end {
                let back = if from.is_some() { "; still here" } else { "" };
                if let Some((run, shown)) = from {
                    *self.runs.shown_mut() = run;
                    self.shown = shown;
                }
                self.message = Some(format!(
                    "Nothing of the kind within an hour of virtual time{back}."
                ));
                return;
            }
            let was_past = self.shown.is_some();
            let Some(before) = self.forward() else {
                return;
            };
            if self.is_stopped(before) {
                return;
            }
            let is_passed_over = work_first && self.world().passes_over(urgency);
            let is_step = matches!(until, Until::Step);
            let is_early = self.world().now() < not_before;
            let is_told = !(is_early || is_step && is_passed_over);
            if is_told && self.has_come(before, until, &mut watched) {
                return;
            }
            if was_past && self.shown.is_none() {
                return;
            }
        }
    }

    /// The moment that a settled world waits for: whoever lets it settle once more means that.
    fn appointment(&self, until: &Until) -> Option<Time> {
        let world = self.world();
        let is_meant = matches!(until, Until::Settled) && self.shown.is_none();
        (is_meant && world.is_settled()).then(|| world.next_wait())?
    }

    /// Whether there is nothing to wait for; says so.
    fn is_there_already(&mut self, until: &Until) -> bool {
        let is_newest = self.shown.is_none();
        let words = match until {
            Until::Settled if is_newest && self.world().is_settled() => {
                self.world().settled_in_words()
            }
            Until::True(expression) => match expression.holds(self.world()) {
                Ok(false) => return false,
                Ok(true) => format!("{} is true already.", expression.source()),
                Err(error) => error.to_string(),
            },
            _ => return false,
        };
        self.message = Some(words);
        true
    }

    /// Whether what was waited for is among what the last step did.
    fn has_come(&mut self, before: RecordId, until: &Until, watched: &mut Watched) -> bool {
        let world = self.world();
        let has = |is_meant: &dyn Fn(&Record) -> bool| {
            world.trace().since(before).any(|record| is_meant(record))
        };
        match until {
            Until::Step => true,
            Until::Write => has(&|record| record.kind() == RecordKind::StoreCommit),
            Until::About(key) => has(&|record| record.object().as_ref() == Some(key)),
            Until::Reconciled => has(&|record| record.kind() == RecordKind::ReconcileEnd),
            Until::Settled => world.is_settled(),
            Until::Moment(_) => false,
            Until::True(expression) => {
                let answer = watched.asked(expression, world);
                self.is_answered(expression, answer)
            }
        }
    }

    /// Whether an expression came true, or has no answer; says which.
    fn is_answered(
        &mut self,
        expression: &Expression,
        answer: Option<Result<bool, ExpressionError>>,
    ) -> bool {
        let words = match answer {
            None | Some(Ok(false)) => return false,
            Some(Ok(true)) => format!("{} came true.", expression.source()),
            Some(Err(error)) => error.to_string(),
        };
        self.message = Some(words);
        true
    }

    /// Lets so much time of the wall pass, or as much of it as there is until `is_late` says to stop;
    /// what is owed then is made up the next time.
    pub fn pass(&mut self, elapsed: Duration, mut is_late: impl FnMut() -> bool) {
        match self.pace {
            _ if !self.running => {}
            Pace::Keys => self.running = false,
            Pace::Steps { in_ten_seconds } => {
                self.owed += elapsed * in_ten_seconds;
                while self.owed >= Duration::from_secs(10) && self.running && !is_late() {
                    self.owed -= Duration::from_secs(10);
                    self.beat();
                }
            }
            Pace::Clock { hundredths } => {
                self.clock = self.clock + elapsed * hundredths / 100;
                while self.running && self.is_due() && !is_late() {
                    if let Some(before) = self.forward() {
                        self.is_stopped(before);
                    }
                }
                if self.running && self.shown.is_none() && !self.is_due() {
                    let clock = self.clock;
                    self.runs.shown_mut().head.wait_until(clock);
                }
            }
        }
    }

    fn is_due(&self) -> bool {
        let next = self.world().next_at();
        next.is_some_and(|(at, _)| at <= self.clock)
    }

    /// One happening of a world that runs; what is background before it is passed over.
    fn beat(&mut self) {
        if self.shown.is_none() && self.world().is_settled() {
            self.running = false;
            self.message = Some(self.world().settled_in_words());
            return;
        }
        while let Some((_, urgency)) = self.world().next_at() {
            let Some(before) = self.forward() else {
                return;
            };
            if self.is_stopped(before) || !self.world().passes_over(urgency) {
                return;
            }
        }
    }
}
