//! Runs of kubectl against a real API server: which requests in which order, and what is printed.

mod asking;
mod changing;
mod draining;
mod editing;
mod flags;
mod making;
mod reading;
mod rolling;
mod top;
mod writing;

use serde_json::{Value, json};

use super::*;
use crate::api::{Actor, Kind};
use crate::apiserver::{
    ApiServer, Moment, Request, StatusWrite, Verb, WriteOptions, changes_since, event_for,
};
use crate::client::{Delivery, Line, Seen, Subscription};
use crate::kubectl::fixtures::{lines, object};
use crate::sim::{Profile, Random, RecordId, Time, Urgency};

/// A terminal, an API server, and nobody else.
struct Desk {
    api: ApiServer,
    profile: Profile,
    random: Random,
    now: Time,
    files: Files,
}

/// What a run did.
struct Run {
    session: Session,
    requests: Vec<String>,
    kinds: Vec<&'static str>,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self {
            api: ApiServer::new(1),
            profile: Profile::kubernetes_1_34(),
            random: Random::stream(1, "test"),
            now: Time::from_secs(100),
            files: Files::new(),
        };
        for name in ["default", "shop"] {
            desk.put(json!({"kind": "Namespace", "metadata": {"name": name}}));
        }
        desk.put(json!({"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}));
        desk
    }

    fn file(&mut self, name: &str, text: &str) {
        self.files.insert(name.to_owned(), text.as_bytes().into());
    }

    fn ask(&mut self, key: Key, verb: Verb) -> Outcome {
        let request = Request {
            id: RequestId(0),
            actor: Actor::Outside,
            key,
            verb,
            answer: crate::apiserver::Answering::Awaited,
            urgency: Urgency::Work,
            options: WriteOptions::default(),
        };
        let moment = Moment {
            now: self.now,
            profile: &self.profile,
        };
        self.api.handle(&request, moment).outcome
    }

    fn put(&mut self, value: Value) -> Object {
        let object = object(value);
        let outcome = self.ask(object.key(), Verb::Create(object));
        let answer = outcome.expect("fixtures are valid");
        answer
            .object()
            .expect("a create answers with the object")
            .clone()
    }

    fn set_status(&mut self, key: &Key, change: impl FnOnce(&mut Value)) {
        let object = self.get(key).expect("it is there");
        let mut value = object.to_value();
        change(&mut value["status"]);
        let object = Object::from_value(key.kind, value).expect("still an object");
        self.ask(key.clone(), Verb::WriteStatus(object, StatusWrite::Update))
            .expect("a good status");
    }

    fn get(&self, key: &Key) -> Option<Object> {
        self.api.store().get(key).cloned()
    }

    fn uid(&self, kind: Kind, name: &str) -> String {
        let object = self.get(&Key::new(kind, "default", name));
        object.expect("it is there").uid().to_owned()
    }

    /// A deployment with two containers.
    fn web(&mut self) -> Key {
        let labels = json!({"app": "web"});
        self.put(json!({"kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
            "spec": {"replicas": 3, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}, {"name": "d", "image": "busybox"}]}}}}))
            .key()
    }

    fn node(&mut self, name: &str) -> Key {
        self.put(json!({"kind": "Node", "metadata": {"name": name}}))
            .key()
    }

    fn run(&mut self, line: &str) -> Run {
        self.run_with(line, |_| {})
    }

    /// Runs a line to its end; each time that it waits, something may have happened.
    fn run_with(&mut self, line: &str, mut meanwhile: impl FnMut(&mut Self)) -> Run {
        let invocation = crate::kubectl::parse(line).expect(line);
        let mut session = Session::new(Arc::new(invocation), Arc::new(self.files.clone()));
        let (actor, mut asked) = (Actor::kubectl(), Line::default());
        let mut run = (Vec::new(), Vec::new());
        let mut inputs = VecDeque::from([Input::Start]);
        let (mut watch, mut alarms) = (None, Vec::<(Time, KubectlAlarm)>::new());
        let mut record = RecordId(1);
        while let Some(input) = inputs.pop_front() {
            let moment = (self.now, RecordId(0), record);
            let mut hands =
                Context::new(&actor, moment, &self.profile, &mut self.random, &mut asked);
            session.handle(input, &mut hands);
            let output = hands.finish();
            for noted in output.notes {
                assert!(noted.cause < noted.id, "a cause is earlier");
                record = noted.id.next();
                run.1.push(noted.note.kind().name());
            }
            for sending in output.requests {
                run.0.push(written(&sending.request));
                let moment = Moment {
                    now: self.now,
                    profile: &self.profile,
                };
                let outcome = self.api.handle(&sending.request, moment).outcome;
                inputs.push_back(Input::Answer(sending.request.id, Arc::new(outcome)));
            }
            alarms.retain(|(at, alarm)| !output.taken_back.contains(&(*at, alarm.clone())));
            alarms.extend(output.alarms.into_iter().map(|set| (set.at, set.alarm)));
            let wanted = session.observation();
            if wanted.as_ref() != watch.as_ref().map(|(asked, _)| asked) {
                watch = wanted.map(|asked| (asked, 0));
                let asked = watch.iter().map(|(asked, _)| asked);
                run.0.extend(asked.map(|asked| {
                    format!("WATCH {}?{}", asked.kind.info().plural, asked.scope.fields)
                }));
            }
            if inputs.is_empty() && session.exit_code().is_none() {
                inputs.extend(self.next_input(&mut watch, &mut alarms, &mut meanwhile));
            }
            assert!(run.0.len() < 100, "{line} does not end");
        }
        Run {
            session,
            requests: run.0,
            kinds: run.1,
        }
    }

    /// What a run that waits hears next: what its watch tells, or its next alarm.
    fn next_input(
        &mut self,
        watch: &mut Option<(Subscription, u64)>,
        alarms: &mut Vec<(Time, KubectlAlarm)>,
        mut meanwhile: impl FnMut(&mut Self),
    ) -> Option<Input<KubectlAlarm>> {
        if let Some((asked, known)) = watch {
            let told = |seen, revision| {
                Some(Input::Watch(Delivery {
                    kind: asked.kind,
                    revision,
                    seen,
                }))
            };
            let revision = self.api.store().revision();
            if *known == 0 {
                *known = revision;
                let listed = self.api.list_for(asked.kind, &asked.scope);
                return told(listed.map_or_else(Seen::Refused, Seen::Listed), revision);
            }
            // What has happened is heard before anything else happens.
            for has_happened in [true, false] {
                if !has_happened {
                    meanwhile(self);
                }
                let changes = changes_since(self.api.store(), asked.kind, "", *known);
                for change in changes.expect("nothing is forgotten") {
                    *known = change.revision;
                    if let Some(event) = event_for(&change, &asked.scope) {
                        return told(Seen::Event(event), change.revision);
                    }
                }
            }
        }
        alarms.sort_by_key(|(at, _)| *at);
        let is_watching = watch.is_some();
        (!alarms.is_empty()).then(|| {
            let (at, alarm) = alarms.remove(0);
            self.now = at;
            if !is_watching {
                meanwhile(self);
            }
            Input::Alarm(alarm)
        })
    }

    /// Runs a line and compares requests, stdout and stderr.
    fn check(&mut self, line: &str, requests: &[&str], output: &str, errors: &str) {
        let run = self.run(line);
        assert_eq!(run.session.output(), output, "{line}: stdout");
        assert_eq!(run.session.error_text(), errors, "{line}: stderr");
        assert_eq!(run.requests, requests, "{line}: requests");
        let failed = errors
            .lines()
            .any(|line| !line.starts_with("Warning") && !line.starts_with("No resources"));
        assert_eq!(
            run.session.exit_code(),
            Some(i32::from(failed)),
            "{line}: exit code"
        );
        assert_eq!(run.kinds.last(), Some(&"reconcile.end"), "{line}");
    }
}

/// `PATCH …/deployments/web {"spec":{"replicas":2}}`
fn written(request: &Request) -> String {
    let body = match &request.verb {
        Verb::Patch(patch) => format!(" {}", patch.body),
        Verb::Delete(options) => match options.grace_period_seconds {
            Some(grace) => format!(" grace={grace}"),
            None => String::new(),
        },
        Verb::List(scope) => {
            let labels = scope.labels.as_ref().map(crate::api::selector::print);
            let fields = scope.fields.to_string();
            let parts = [labels.unwrap_or_default(), fields];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            if parts.is_empty() {
                String::new()
            } else {
                format!("?{}", parts.join("&"))
            }
        }
        _ => String::new(),
    };
    let path = request.path();
    let path = path
        .replace("/api/v1/namespaces/default/", "…/")
        .replace("/apis/apps/v1/namespaces/default/", "A…/");
    format!("{} {path}{body}", request.verb.method())
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {a: b}
";
