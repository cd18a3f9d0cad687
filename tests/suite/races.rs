//! Two writers and one version: one of them is told, and nothing is lost.

use std::sync::Arc;

use glassplane::api::{Actor, Key, Kind, Object};
use glassplane::apiserver::{
    Answer, Answering, ApiServer, Moment, Outcome, Reason, Request, RequestId, Verb, WriteOptions,
};
use glassplane::sim::{Profile, Time, Urgency};
use serde_json::json;

pub(crate) fn ask(server: &mut ApiServer, profile: &Profile, key: &Key, verb: Verb) -> Outcome {
    let request = Request {
        id: RequestId(0),
        actor: Actor::Kubectl(Arc::from("alice")),
        key: key.clone(),
        verb,
        answer: Answering::Awaited,
        urgency: Urgency::Work,
        options: WriteOptions::default(),
    };
    server
        .handle(
            &request,
            Moment {
                now: Time::START,
                profile,
            },
        )
        .outcome
}

fn stored(answer: Outcome) -> Object {
    match answer {
        Ok(Answer::Object(object)) => object,
        other => panic!("an object was asked for: {other:?}"),
    }
}

#[test]
fn a2_two_hundred_races_give_two_hundred_conflicts_and_no_lost_update() {
    let (mut server, profile) = (ApiServer::new(1), Profile::kubernetes_1_34());
    let namespace = json!({"metadata": {"name": "default"}});
    let namespace = Object::from_value(Kind::Namespace, namespace).expect("a name is enough");
    ask(
        &mut server,
        &profile,
        &namespace.key(),
        Verb::Create(namespace.clone()),
    )
    .expect("it is new");
    let counter =
        json!({"metadata": {"name": "counter", "namespace": "default"}, "data": {"count": "0"}});
    let counter = Object::from_value(Kind::ConfigMap, counter).expect("well-formed");
    let key = counter.key();
    ask(&mut server, &profile, &key, Verb::Create(counter)).expect("it is new");

    let increment = |object: &Object| {
        let Object::ConfigMap(mut map) = object.clone() else {
            panic!("asked for a ConfigMap")
        };
        let data = map.spec_mut().data.get_or_insert_default();
        let count: u32 = data["count"].parse().expect("a number");
        data.insert("count".to_owned(), (count + 1).to_string());
        Object::ConfigMap(map)
    };
    let mut conflicts = 0;
    for _ in 0..200 {
        let copy = stored(ask(&mut server, &profile, &key, Verb::Get));
        let (alice, bob) = (increment(&copy), increment(&copy));
        let revision = server.store().revision();
        ask(&mut server, &profile, &key, Verb::Update(alice)).expect("her copy is fresh");
        let refusal =
            ask(&mut server, &profile, &key, Verb::Update(bob)).expect_err("his copy is old");
        assert_eq!(refusal.reason, Reason::Conflict);
        assert_eq!(
            refusal.message,
            "Operation cannot be fulfilled on configmaps \"counter\": the object has been modified; \
             please apply your changes to the latest version and try again"
        );
        assert_eq!(
            server.store().revision(),
            revision + 1,
            "a refusal moves no revision"
        );
        conflicts += 1;
        let fresh = stored(ask(&mut server, &profile, &key, Verb::Get));
        ask(&mut server, &profile, &key, Verb::Update(increment(&fresh))).expect("now it is fresh");
    }
    let end = stored(ask(&mut server, &profile, &key, Verb::Get));
    let Object::ConfigMap(map) = end else {
        panic!("asked for a ConfigMap")
    };
    let count = map.spec.data.as_ref().map(|data| data["count"].clone());
    assert_eq!((conflicts, count.as_deref()), (200, Some("400")));
}
