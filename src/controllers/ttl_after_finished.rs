//! ttl-after-finished-controller: Jobs that ended go after the time that they asked for.
//! Source: `pkg/controller/ttlafterfinished`.

use std::time::Duration;

use super::controller::{Action, Controller, LookAgain, Plan, Planned};
use crate::api::{Job, Key, Kind, Object, meta};
use crate::apiserver::{Answer, DeleteOptions, Outcome, Propagation, Verb};
use crate::sim::Time;

pub(super) static TTL_AFTER_FINISHED: Controller = Controller {
    name: "ttl-after-finished-controller",
    event_source: "ttl-after-finished-controller",
    watches: &[Kind::Job],
    concerns: |_, change| {
        let expiring = change.after.filter(|object| match object {
            Object::Job(job) => expiry(job).is_some(),
            _ => false,
        });
        expiring.map(Object::key).into_iter().collect()
    },
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// When a finished Job goes.
fn expiry(job: &Job) -> Option<Time> {
    let seconds = u64::try_from(job.spec.ttl_seconds_after_finished?).unwrap_or(0);
    let conditions = job.status.conditions.iter().flatten();
    let finished = conditions
        .filter(|each| matches!(each.type_.as_str(), "Complete" | "Failed"))
        .find(|each| each.status == "True")?;
    let at = meta::moment(finished.last_transition_time.as_ref()?);
    (!job.is_terminating()).then_some(at + Duration::from_secs(seconds))
}

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(expiry) = planned.subject::<Job>().and_then(expiry) else {
        return Plan::nothing("the Job is gone, going on, or stays");
    };
    let left = expiry.since(planned.now);
    if left.is_zero() {
        // The lifetime may just have been made longer.
        let question = (planned.key.clone(), Verb::Get);
        return Plan::asking("a Job whose time is up", vec![question], plan_with_answer);
    }
    Plan {
        desired: "finished Jobs stay for as long as they ask".to_owned(),
        observed: format!("{} s left", left.as_secs()),
        look_again: Some(LookAgain::to_check(left)),
        ..Plan::default()
    }
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let fresh = answers.first().and_then(|answer| answer.as_ref().ok());
    let Some(Object::Job(job)) = fresh.and_then(Answer::object) else {
        return Plan::nothing("the Job is gone");
    };
    if expiry(job).is_none_or(|expiry| expiry > planned.now) {
        return Plan::nothing("the Job stays longer than the cache knew");
    }
    let options = DeleteOptions {
        propagation: Propagation::Foreground,
        uid: Some(job.uid().to_owned()),
        ..DeleteOptions::default()
    };
    let key: Key = planned.key.clone();
    let why = format!("deletes {key}: its time after the end is up");
    Plan {
        desired: "no Job beyond its time".to_owned(),
        observed: "its time is up".to_owned(),
        difference: "1 Job too many".to_owned(),
        actions: vec![Action::new(key, Verb::Delete(options), why)],
        ..Plan::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controllers::bench::{Bench, object, outlines};

    #[test]
    fn c6_a_finished_job_goes_when_its_time_is_up() {
        let job = object(
            Kind::Job,
            json!({"metadata": {"name": "sum", "namespace": "default", "uid": "u"},
                "spec": {"ttlSecondsAfterFinished": 100},
                "status": {"conditions": [{"type": "Complete", "status": "True",
                    "lastTransitionTime": "2026-01-01T00:09:00Z"}]}}),
        );
        let key = Key::new(Kind::Job, "default", "sum");
        let mut bench = Bench::new(&TTL_AFTER_FINISHED, std::slice::from_ref(&job));
        let look = bench.plan(&key).look_again.expect("it comes back");
        assert_eq!(look.after, Duration::from_secs(40));
        bench.wait(look.after);
        let inquiry = bench.plan(&key).inquiry.expect("it asks");
        let answer: Outcome = Ok(Answer::Object(job));
        let plan = bench.plan_with(&key, |planned| {
            (inquiry.then)(planned, std::slice::from_ref(&answer))
        });
        assert_eq!(outlines(&plan), ["delete job sum"]);
    }
}
