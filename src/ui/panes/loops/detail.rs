//! All of one component: its queue, its caches beside the store, and what it planned last.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::api::Key;
use crate::client::Reconcile;
use crate::cluster::{Cluster, ComponentId, Power, Standing, Watch};
use crate::sim::{Time, counted, span_words};
use crate::ui::panes::pen::{Pen, wrapped};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// Where the words begin.
const INDENT: usize = 8;

/// A queue in which nothing waits: it is told last.
const EMPTY: &str = "empty";

/// How many keys of a queue are told by name.
const NAMED: usize = 6;

/// Draws it below a line with the name.
pub(super) fn draw(view: &View<'_>, id: &ComponentId, area: Rect, buf: &mut Buffer) {
    let Some(standing) = view.world().standing(id) else {
        return;
    };
    let mut pen = Pen::new(view, area, buf);
    pen.write("─ ", Role::Border)
        .write(&id.to_string(), Role::Title)
        .write(" ", Role::Text);
    let rest = pen.room();
    pen.write(&"─".repeat(rest), Role::Border).next_line();
    for (label, words, role) in lines(view.world(), &standing) {
        let width = pen.width().saturating_sub(INDENT);
        for (place, line) in wrapped(&words, width).into_iter().enumerate() {
            if pen.lines_left() == 0 {
                return;
            }
            pen.write(if place == 0 { label } else { "" }, Role::Key)
                .to(INDENT)
                .write(&line, role)
                .next_line();
        }
    }
}

fn lines(world: &Cluster, standing: &Standing) -> Vec<(&'static str, String, Role)> {
    let mut lines = Vec::new();
    if standing.power == Power::Off {
        let words = format!(
            "does not run since {}: what reaches it is lost, and what it would do waits in the store",
            standing.since
        );
        lines.push(("off", words, Role::Bad));
    }
    if standing.power == Power::Paused {
        let words = format!(
            "does nothing since {}, but its watches still reach it: what waits for it grows",
            standing.since
        );
        lines.push(("paused", words, Role::Waiting));
    }
    lines.extend(late_lines(world, standing));
    let queue = ("queue", queue_words(world.now(), standing), Role::Text);
    let (queue, empty) = if queue.1 == EMPTY {
        (None, Some(queue))
    } else {
        (Some(queue), None)
    };
    lines.extend(queue);
    match &standing.id {
        ComponentId::Controller(_) => lines.extend(plan_lines(plan_of(world, &standing.id))),
        ComponentId::Scheduler => lines.push(("last", last_words(world, &standing.id), Role::Text)),
        ComponentId::Kubelet(node) => lines.extend(pod_lines(world, node)),
        ComponentId::KubeProxy(_) => {
            lines.push(("tables", last_words(world, &standing.id), Role::Text));
        }
        ComponentId::MetricsServer => {
            lines.push(("serves", last_words(world, &standing.id), Role::Text));
        }
        ComponentId::Kubectl(_) | ComponentId::Writer(_) => {}
    }
    lines.extend(empty);
    lines.push(("caches", cache_words(world, &standing.id), Role::Dim));
    lines
}

/// What a fault has made slow: what it sets about, or what it hears.
fn late_lines(world: &Cluster, standing: &Standing) -> Vec<(&'static str, String, Role)> {
    let mut lines = Vec::new();
    if !standing.slowness.is_zero() {
        let words = format!(
            "by a fault: all that it sets about begins {} later",
            span_words(standing.slowness)
        );
        lines.push(("slow", words, Role::Waiting));
    }
    for watch in world
        .watches_of(&standing.id)
        .filter(|watch| !watch.delay.is_zero())
    {
        let plural = watch.subscription.kind.info().plural;
        let delay = span_words(watch.delay);
        let words = format!("by a fault: it hears of {plural} {delay} later");
        lines.push(("late", words, Role::Waiting));
    }
    lines
}

/// `waiting: pod default/a, pod default/b · in work: … · later: pod default/c in 4s`.
fn queue_words(now: Time, standing: &Standing) -> String {
    let keys = |keys: &[Key]| {
        let named = keys.iter().take(NAMED).map(Key::to_string);
        let more = keys.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| format!("and {more} more"));
        named.chain(more).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    for (word, list) in [
        ("in work", &standing.in_work),
        ("waiting", &standing.waiting),
    ] {
        if !list.is_empty() {
            parts.push(format!("{word}: {}", keys(list)));
        }
    }
    if !standing.later.is_empty() {
        let mut later: Vec<_> = standing.later.iter().collect();
        later.sort_by_key(|(_, at)| *at);
        let words: Vec<String> = later
            .iter()
            .take(NAMED)
            .map(|(key, at)| format!("{key} in {}", span_words(at.since(now))))
            .collect();
        parts.push(format!("later: {}", words.join(", ")));
    }
    if !standing.parked.is_empty() {
        parts.push(format!("held: {}", keys(&standing.parked)));
    }
    if parts.is_empty() {
        EMPTY.to_owned()
    } else {
        parts.join(" · ")
    }
}

fn plan_of(world: &Cluster, id: &ComponentId) -> Option<Arc<Reconcile>> {
    let ComponentId::Controller(name) = id else {
        return None;
    };
    let mut loops = world.controllers();
    let part = loops.find(|part| part.component.controller().name == *name)?;
    part.component.last_plan().cloned()
}

fn plan_lines(plan: Option<Arc<Reconcile>>) -> Vec<(&'static str, String, Role)> {
    let Some(plan) = plan else {
        return vec![("plan", "none yet".to_owned(), Role::Dim)];
    };
    let mut lines = vec![
        ("for", plan.key.to_string(), Role::Text),
        ("wants", plan.desired.clone(), Role::Desired),
        ("sees", plan.observed.clone(), Role::Current),
    ];
    let so = if plan.difference.is_empty() {
        ("so", "nothing to do".to_owned(), Role::Good)
    } else {
        ("so", plan.difference.clone(), Role::Waiting)
    };
    lines.push(so);
    let actions = plan.actions.iter().enumerate();
    lines.extend(actions.take(4).map(|(place, action)| {
        let label = if place == 0 { "does" } else { "" };
        (label, format!("{} {action}", place + 1), Role::Text)
    }));
    if plan.actions.len() > 4 {
        let more = format!("and {} more", plan.actions.len() - 4);
        lines.push(("", more, Role::Text));
    }
    if let Some(after) = plan.requeue_after {
        let why = match plan.requeue_why {
            "" => String::new(),
            why => format!(": {why}"),
        };
        let words = format!("looks again {} after the plan{why}", span_words(after));
        lines.push(("again", words, Role::Dim));
    }
    lines
}

fn pod_lines(world: &Cluster, node: &str) -> Vec<(&'static str, String, Role)> {
    let Some(part) = world.kubelet(node) else {
        return Vec::new();
    };
    let pods = part.component.pods().map(|pod| {
        let next = pod
            .next
            .map(|(what, at)| format!(", {what} in {}", span_words(at.since(world.now()))));
        format!(
            "{}: {}{}",
            pod.pod.name,
            pod.stage,
            next.unwrap_or_default()
        )
    });
    let pods: Vec<String> = pods.collect();
    if pods.is_empty() {
        return vec![("pods", "none".to_owned(), Role::Dim)];
    }
    vec![("pods", pods.join(" · "), Role::Text)]
}

/// Each cache: its revision, beside the newest that is on its way to it.
fn cache_words(world: &Cluster, id: &ComponentId) -> String {
    let informers = world.informers_of(id);
    let words = |watch: &Watch| {
        let kind = watch.subscription.kind;
        let plural = kind.info().plural;
        let count = informers
            .and_then(|informers| informers.cache(kind))
            .map(|cache| format!(" ({})", cache.len()));
        let lag = match (watch.is_open, watch.sent > watch.delivered) {
            (false, _) => " cut".to_owned(),
            (true, true) => format!(", r{} on its way", watch.sent),
            (true, false) => String::new(),
        };
        format!(
            "{plural}{} r{}{lag}",
            count.unwrap_or_default(),
            watch.delivered
        )
    };
    let says_something = |watch: &&Watch| {
        let kind = watch.subscription.kind;
        let cache = informers.and_then(|informers| informers.cache(kind));
        cache.is_none_or(|cache| !cache.is_empty())
            || !watch.is_open
            || watch.sent > watch.delivered
    };
    let (told, empty): (Vec<&Watch>, Vec<&Watch>) = world.watches_of(id).partition(says_something);
    let mut all = vec![format!("store r{}", world.store().revision())];
    all.extend(told.into_iter().map(words));
    if !empty.is_empty() {
        all.push(format!("{} empty ones", empty.len()));
    }
    all.join(" · ")
}

/// What a component did last, in a few words.
pub(super) fn last_words(world: &Cluster, id: &ComponentId) -> String {
    match id {
        ComponentId::Controller(_) => plan_of(world, id).map_or_else(String::new, |plan| {
            let what = if plan.difference.is_empty() {
                "nothing to do"
            } else {
                &plan.difference
            };
            format!("{}: {what}", plan.key)
        }),
        ComponentId::Scheduler => {
            let decision = world.scheduler().component.last_decision();
            decision.map_or_else(String::new, |decision| match decision.winner() {
                Some(node) => format!(
                    "{} → {node}, {} of {} nodes fit",
                    decision.pod,
                    decision.feasible_count(),
                    decision.node_count()
                ),
                None => format!(
                    "{}: {}",
                    decision.pod,
                    decision.message().unwrap_or_default()
                ),
            })
        }
        ComponentId::Kubelet(node) => {
            let pods = world
                .kubelet(node)
                .map_or(0, |part| part.component.pods().count());
            match pods {
                0 => "no pods".to_owned(),
                pods => counted(pods, "pod"),
            }
        }
        ComponentId::KubeProxy(node) => {
            let mut proxies = world.proxies();
            let part = proxies.find(|part| part.component.node() == node);
            let tables = part.into_iter().flat_map(|part| part.component.tables());
            let words = tables
                .map(|(service, table)| format!("{} → {}", service.name, table.endpoints.len()));
            words.collect::<Vec<_>>().join(", ")
        }
        ComponentId::MetricsServer => match world.measured() {
            Some((nodes, pods)) => format!(
                "what {} and {} use",
                counted(nodes, "node"),
                counted(pods, "pod")
            ),
            None => "no metrics: top and the autoscaler get 503".to_owned(),
        },
        ComponentId::Kubectl(_) | ComponentId::Writer(_) => String::new(),
    }
}
