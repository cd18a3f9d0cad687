//! One step: the next thing happens, and what it sets off is put into the queue.

use std::sync::Arc;
use std::time::Duration;

use super::command::Note as CommandNote;
use super::component::{AnyAlarm, part, part_mut};
use super::strike::is_timeout;
use super::watches::{InFlight, WatchId};
use super::{Cluster, Command, ComponentId, Detail, Entry, Journaled, Part, Power, Record};
use crate::api::{Actor, Key};
use crate::apiserver::{Answering, Moment, Note as ApiNote, Outcome, Request, RequestId, Verb};
use crate::client::{self, Component, Delivery, Input, Output};
use crate::kubectl::Session;
use crate::sim::{RecordId, RecordKind, Time, Urgency};

/// What the queue holds.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// A command enters.
    Command(Arc<Journaled>),
    /// The next line that was typed has its turn.
    NextLine,
    /// A request reaches the API server.
    Request {
        from: ComponentId,
        start: u32,
        request: Arc<Request>,
        cause: RecordId,
        /// Whether the disk has done its part, where it is slow.
        is_written: bool,
    },
    /// An answer reaches its client.
    Answer {
        to: ComponentId,
        start: u32,
        id: RequestId,
        outcome: Arc<Outcome>,
        cause: RecordId,
    },
    /// A change reaches a watcher.
    Change(InFlight),
    /// Another message of a watch reaches a watcher.
    Delivery {
        watch: WatchId,
        opening: u32,
        delivery: Delivery,
        cause: RecordId,
    },
    /// A watcher opens its watch again.
    Open {
        watch: WatchId,
        opening: u32,
        cause: RecordId,
    },
    /// An alarm rings.
    Alarm {
        of: ComponentId,
        start: u32,
        alarm: AnyAlarm,
        cause: RecordId,
    },
    /// A second of traffic is over.
    Second { cause: RecordId },
    /// The API server forgets old revisions.
    Compact { cause: RecordId },
    /// The store looks for events whose time is up.
    Expire { cause: RecordId },
    /// kube-apiserver looks whether the Service through which it is found is there.
    Serve { cause: RecordId },
    /// The time of a load is up.
    LoadIsOver { workload: Key, cause: RecordId },
    /// A component whose watches were tampered with lists again.
    ListAgain { of: ComponentId, cause: RecordId },
}

impl Cluster {
    /// Makes one step: the next thing happens and adds at least one record. False when nothing is
    /// left to happen. What turns out to change nothing is passed over; when the world settles by
    /// that, no step is made, so that settling does not run on into the next heartbeat.
    pub fn step(&mut self) -> bool {
        let before = self.next_record();
        while self.next_record() == before {
            let Some((at, urgency, happening)) = self.queue.pop() else {
                return false;
            };
            self.now = self.now.max(at);
            self.happen(happening, urgency);
            if self.next_record() == before && urgency == Urgency::Work && self.is_settled() {
                return true;
            }
        }
        self.last_step = before;
        self.steps += 1;
        true
    }

    fn happen(&mut self, happening: Happening, urgency: Urgency) {
        match happening {
            Happening::Command(journaled) => match journaled.entry {
                Entry::Timed => {
                    self.command(&journaled.command);
                }
                Entry::Typed => self.type_line(journaled),
            },
            Happening::NextLine => self.next_line(),
            Happening::Request {
                from,
                start,
                request,
                cause,
                is_written,
            } => {
                if self.is_cut_off(&from) {
                    self.lose_request(&from, start, &request, cause);
                } else if is_written || !self.waits_for_disk(&from, start, &request, cause) {
                    self.request(&from, start, &request, cause);
                }
            }
            Happening::Answer {
                to,
                start,
                id,
                outcome,
                cause,
            } => {
                if self.is_cut_off(&to) && !is_timeout(&outcome) {
                    self.lose_answer(to, start, (id, &outcome), cause);
                } else if self.is_started(&to, start) {
                    self.wake(&to, Wake::Answer(id, outcome), cause);
                }
            }
            Happening::Change(in_flight) => self.arrive(in_flight),
            Happening::Delivery {
                watch,
                opening,
                delivery,
                cause,
            } => {
                self.deliver(watch, opening, delivery, cause);
            }
            Happening::Open {
                watch,
                opening,
                cause,
            } => self.open(watch, opening, cause, urgency),
            Happening::Alarm {
                of,
                start,
                alarm,
                cause,
            } => {
                if self.is_paused(&of) {
                    self.hold((of, start), alarm, urgency, cause);
                } else if self.is_started(&of, start) {
                    self.ring(&of, alarm, cause);
                }
            }
            Happening::Second { cause } => self.close_second(cause),
            Happening::Compact { cause } => self.compact(cause),
            Happening::Expire { cause } => self.expire(cause),
            Happening::Serve { cause } => self.serve_again(cause),
            Happening::LoadIsOver { workload, cause } => self.end_load(&workload, cause),
            Happening::ListAgain { of, cause } => self.list_again(&of, cause),
        }
    }

    /// The clock of a component rings; for metrics-server that is a scrape.
    fn ring(&mut self, of: &ComponentId, alarm: AnyAlarm, cause: RecordId) {
        if *of == ComponentId::MetricsServer {
            self.scrape();
        }
        self.wake(of, Wake::Alarm(alarm), cause);
    }

    /// Adds a record and returns its number.
    pub(super) fn record(
        &mut self,
        actor: Actor,
        cause: Option<RecordId>,
        detail: impl Into<Detail>,
    ) -> RecordId {
        self.record_at(self.store().revision(), actor, cause, detail)
    }

    /// The same about the store as it was at a revision: one request may have made several writes
    /// before the first of them is told.
    fn record_at(
        &mut self,
        revision: u64,
        actor: Actor,
        cause: Option<RecordId>,
        detail: impl Into<Detail>,
    ) -> RecordId {
        let id = self.next_record();
        let detail = detail.into();
        if changes_usage(&detail) {
            self.usage_since = id;
        }
        self.trace.push(Record {
            id,
            time: self.now,
            revision,
            actor,
            cause,
            detail,
        });
        id
    }

    /// Runs a command. Returns the number of the run of kubectl that it began.
    pub(super) fn command(&mut self, command: &Command) -> Option<u64> {
        match command {
            Command::Kubectl {
                files, invocation, ..
            } => {
                let ran = CommandNote::Ran(command.line());
                let cause = self.record(Actor::kubectl(), None, ran);
                let number = self.sessions.get_max().map_or(0, |(last, _)| last + 1);
                let id = ComponentId::Kubectl(number);
                let session = Session::new(Arc::clone(invocation), Arc::clone(files));
                let mut part = Part::new(&id, session, self.config.seed);
                part.power = Power::On;
                self.sessions.insert(number, Arc::new(part));
                self.wake(&id, Wake::Start, cause);
                Some(number)
            }
            Command::Traffic { order, .. } => {
                let cause = self.record(Actor::Clients, None, CommandNote::Ran(command.line()));
                self.order_traffic(order, cause);
                None
            }
            Command::Fault { fault, .. } => {
                let cause = self.record(Actor::Outside, None, CommandNote::Ran(command.line()));
                self.strike(fault, cause);
                None
            }
        }
    }

    /// Opens the watches that a run of kubectl asks for, and closes those that it no longer needs;
    /// they reach the API server like requests.
    fn watch_as_asked(&mut self, id: &ComponentId, number: u64, cause: RecordId) {
        let part = self.sessions.get(&number);
        let mut wanted = part.map_or_else(Vec::new, |part| part.component.subscriptions());
        for watch in self.watches.of(id) {
            let subscription = self.watches.get(watch).map(|watch| &watch.subscription);
            let place = wanted.iter().position(|each| Some(each) == subscription);
            match place {
                Some(place) => {
                    wanted.swap_remove(place);
                }
                None => self.watches.remove(watch),
            }
        }
        for subscription in wanted {
            let watch = self.watches.add(id, subscription, self.config.seed);
            let at = self.now + self.network.duration(self.profile.network.request);
            let open = Happening::Open {
                watch,
                opening: 0,
                cause,
            };
            self.queue.push(at, Urgency::Work, open);
        }
    }

    fn request(&mut self, from: &ComponentId, start: u32, request: &Arc<Request>, cause: RecordId) {
        let moment = Moment {
            now: self.now,
            profile: &self.profile,
        };
        let mut handled = self.api.handle(request, moment);
        if let Verb::Log(options) = &request.verb {
            handled.outcome = self.read_log(handled.outcome, options);
        }
        let passed = match &handled.outcome {
            Ok(_) => ApiNote::Admitted {
                request: Arc::clone(request),
                stages: handled.stages,
                wrote: !handled.changes.is_empty(),
            },
            Err(refusal) => ApiNote::Refused {
                request: Arc::clone(request),
                stages: handled.stages,
                refusal: refusal.clone(),
            },
        };
        let newest = self.store().revision();
        let first = handled.changes.first();
        let revision = first.map_or(newest, |change| change.revision);
        let mut last = self.record_at(revision, Actor::ApiServer, Some(cause), passed);
        for change in handled.changes {
            let by = request.actor.clone();
            let note = ApiNote::Committed {
                change: Arc::clone(&change),
                by,
            };
            last = self.record_at(change.revision, Actor::Etcd, Some(last), note);
            self.spread(&change, last, request.urgency);
            self.mind_own_service(&change, last);
        }
        if request.answer == Answering::Awaited {
            let at = self.now + self.network.duration(self.profile.network.response);
            let answer = Happening::Answer {
                to: from.clone(),
                start,
                id: request.id,
                outcome: Arc::new(handled.outcome),
                cause: last,
            };
            self.queue.push(at, Urgency::Work, answer);
        }
    }

    fn compact(&mut self, cause: RecordId) {
        let revision = self.last_compaction;
        self.last_compaction = self.store().revision();
        self.watches.bookmark(revision);
        self.forget_up_to(revision, cause);
        let at = self.now + self.profile.store.compaction;
        self.queue
            .push(at, Urgency::Periodic, Happening::Compact { cause });
    }

    /// The store forgets the changes up to a revision.
    pub(super) fn forget_up_to(&mut self, revision: u64, cause: RecordId) -> RecordId {
        self.api.compact(revision);
        self.record(Actor::ApiServer, Some(cause), ApiNote::Compacted(revision))
    }

    /// Whether a component runs, in this very life.
    pub(super) fn is_started(&self, id: &ComponentId, start: u32) -> bool {
        part!(self, id, part => part.power != Power::Off && part.start == start, false)
    }

    /// Lets a component run for one reason, and puts what it did into the trace and the queue.
    pub(super) fn wake(&mut self, id: &ComponentId, wake: Wake, cause: RecordId) {
        let moment = (self.now, cause, self.next_record());
        let profile = Arc::clone(&self.profile);
        let node = match id {
            ComponentId::Kubelet(node) | ComponentId::KubeProxy(node) => Some(Arc::clone(node)),
            _ => None,
        };
        if node.is_some() {
            self.account_traffic();
        }
        part_mut!(self, id, part => {
            let output = run(part, wake, moment, &profile);
            self.collect(id, output);
        }, ());
        if let Some(node) = node {
            self.look_at_traffic(&node);
            self.share_loads();
        }
        if let ComponentId::Kubectl(number) = id {
            // What it noted last is why it watches.
            let last = self.trace.last().map(|record| record.id);
            let last = last.filter(|last| *last >= moment.2);
            self.watch_as_asked(id, *number, last.unwrap_or(cause));
            self.mind_the_terminal();
        }
    }

    /// What silenced the node that a controller gives up. The controller cannot know it: it only sees
    /// that nothing comes. Who asks why has to be told.
    fn cause_of_silence(&self, detail: &Detail) -> Option<RecordId> {
        match detail {
            Detail::Client(client::Note::LeaseLost(node, _)) => {
                self.troubles.silenced_by(&node.name)
            }
            _ => None,
        }
    }

    /// Puts what a component did into the trace and the queue.
    pub(super) fn collect<N: Into<Detail>, A: Into<AnyAlarm>>(
        &mut self,
        id: &ComponentId,
        output: Output<N, A>,
    ) {
        let (start, slowness) =
            part!(self, id, part => (part.start, part.slowness), (0, Duration::ZERO));
        for noted in output.notes {
            let detail: Detail = noted.note.into();
            let cause = self.cause_of_silence(&detail).unwrap_or(noted.cause);
            let record = self.record(id.actor(), Some(cause), detail);
            assert_eq!(
                record, noted.id,
                "notes get the numbers that they were promised"
            );
        }
        for sending in output.requests {
            let note = ApiNote::Sent(Arc::clone(&sending.request));
            let cause = self.record(id.actor(), Some(sending.cause), note);
            let urgency = sending.request.urgency;
            let (from, request) = (id.clone(), sending.request);
            let arriving = Happening::Request {
                from,
                start,
                request,
                cause,
                is_written: false,
            };
            self.queue.push(sending.arrives, urgency, arriving);
        }
        for (at, alarm) in output.taken_back {
            let alarm: AnyAlarm = alarm.into();
            self.queue.take_back(at + slowness, |happening| {
                matches!(happening, Happening::Alarm { of, alarm: set, .. } if of == id && *set == alarm)
            });
        }
        for alarm in output.alarms {
            let ringing = Happening::Alarm {
                of: id.clone(),
                start,
                alarm: alarm.alarm.into(),
                cause: alarm.cause,
            };
            self.queue.push(alarm.at + slowness, alarm.urgency, ringing);
        }
    }

    pub(super) fn start_of(&self, id: &ComponentId) -> u32 {
        part!(self, id, part => part.start, 0)
    }

    /// The next thing in words, for the line that says what comes.
    pub(super) fn describe(&self, happening: &Happening) -> String {
        match happening {
            Happening::Command(journaled) => journaled.command.line(),
            Happening::NextLine => {
                let line = self.terminal.first();
                line.map_or_else(String::new, |line| line.command.line())
            }
            Happening::Request { request, .. } => {
                format!("kube-apiserver takes {request} from {}", request.actor)
            }
            Happening::Answer { to, .. } => format!("{} gets its answer", to.actor()),
            Happening::Change(in_flight) => {
                let who = self
                    .watches
                    .get(in_flight.watch)
                    .map(|watch| watch.component.actor());
                let who = who.map_or_else(String::new, |actor| actor.to_string());
                format!(
                    "{who} sees {} at revision {}",
                    in_flight.change.key, in_flight.change.revision
                )
            }
            Happening::Delivery { watch, .. } | Happening::Open { watch, .. } => {
                let who = self
                    .watches
                    .get(*watch)
                    .map(|watch| watch.component.actor());
                let who = who.map_or_else(String::new, |actor| actor.to_string());
                format!("{who} opens its watch")
            }
            Happening::Alarm { of, alarm, .. } => {
                let purpose = self.alarm_purpose(of, alarm);
                let purpose = purpose.unwrap_or_else(|| "goes on".to_owned());
                format!("{} {purpose}", of.actor())
            }
            Happening::Second { .. } => "clients count the answers of the last second".to_owned(),
            Happening::Compact { .. } => "kube-apiserver forgets old revisions".to_owned(),
            Happening::Serve { .. } => "kube-apiserver looks for the Service kubernetes".to_owned(),
            Happening::Expire { .. } => "etcd looks for events whose time is up".to_owned(),
            Happening::LoadIsOver { workload, .. } => format!("the work for {workload} is over"),
            Happening::ListAgain { of, .. } => format!("{} lists again", of.actor()),
        }
    }
}

/// Whether pods use more or less from here on.
fn changes_usage(detail: &Detail) -> bool {
    match detail {
        Detail::Kubelet(note) => matches!(
            note.kind(),
            RecordKind::ContainerStart | RecordKind::ContainerExit
        ),
        Detail::Command(note) => matches!(note, CommandNote::Struck { .. }),
        _ => false,
    }
}

/// Why a component runs, before its own kind of alarm is known.
#[derive(Clone, Debug)]
pub(super) enum Wake {
    Start,
    Watch(Delivery),
    Answer(RequestId, Arc<Outcome>),
    Alarm(AnyAlarm),
}

fn run<C>(
    part: &mut Arc<Part<C>>,
    wake: Wake,
    moment: (Time, RecordId, RecordId),
    profile: &crate::sim::Profile,
) -> Output<C::Note, C::Alarm>
where
    C: Component,
    C::Alarm: TryFrom<AnyAlarm>,
{
    let input = match wake {
        Wake::Start => Input::Start,
        Wake::Watch(delivery) => Input::Watch(delivery),
        Wake::Answer(id, outcome) => Input::Answer(id, outcome),
        Wake::Alarm(alarm) => match C::Alarm::try_from(alarm) {
            Ok(alarm) => Input::Alarm(alarm),
            Err(_) => unreachable!("an alarm rings where it was set"),
        },
    };
    Arc::make_mut(part).run(moment, profile, |component, hands| {
        component.handle(input, hands);
    })
}
