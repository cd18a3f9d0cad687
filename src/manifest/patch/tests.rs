//! Patches as kubectl and the API server make and apply them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::api::Kind;

fn pod(spec: &Value) -> Value {
    json!({"spec": spec})
}

fn patched(object: &Value, patch: &Value) -> Value {
    strategic(Kind::Pod, object, patch).expect("a patch that fits")
}

#[test]
fn a10_lists_merge_by_their_keys() {
    let object = pod(&json!({"containers": [
        {"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}], "args": ["1", "2"]},
        {"name": "b", "image": "b:1", "ports": [{"containerPort": 80, "name": "http"}]},
    ]}));
    let patch = pod(&json!({"containers": [
        {"name": "b", "image": "b:2", "ports": [{"containerPort": 80, "protocol": "TCP"}]},
        {"name": "a", "env": [{"name": "Y", "value": "2"}], "args": ["3"]},
        {"name": "c", "image": "c:1"},
    ]}));
    let result = pod(&json!({"containers": [
        {"name": "b", "image": "b:2", "ports": [{"containerPort": 80, "name": "http", "protocol": "TCP"}]},
        {"name": "a", "image": "a:1", "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}], "args": ["3"]},
        {"name": "c", "image": "c:1"},
    ]}));
    assert_eq!(patched(&object, &patch), result);
}

#[test]
fn a10_directives_delete_replace_retain_and_order() {
    let cases = [
        (
            json!({"containers": [{"name": "a"}, {"name": "b"}]}),
            json!({"containers": [{"name": "a", "$patch": "delete"}]}),
            json!({"containers": [{"name": "b"}]}),
        ),
        (
            json!({"containers": [{"name": "a"}, {"name": "b"}]}),
            json!({"containers": [{"$patch": "replace"}, {"name": "c"}]}),
            json!({"containers": [{"name": "c"}]}),
        ),
        (
            json!({"nodeSelector": {"a": "1", "b": "2"}}),
            json!({"nodeSelector": {"$patch": "replace", "c": "3"}}),
            json!({"nodeSelector": {"c": "3"}}),
        ),
        (
            json!({"nodeSelector": {"a": "1"}, "hostNetwork": true}),
            json!({"nodeSelector": {"$patch": "delete"}, "hostNetwork": null}),
            json!({"nodeSelector": {}}),
        ),
        (
            json!({"volumes": [{"name": "v", "emptyDir": {}}]}),
            json!({"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}),
            json!({"volumes": [{"name": "v", "configMap": {"name": "c"}}]}),
        ),
        (
            json!({"containers": [{"name": "a"}, {"name": "s"}, {"name": "b"}]}),
            json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
            json!({"containers": [{"name": "s"}, {"name": "b"}, {"name": "a"}]}),
        ),
        (
            json!({"tolerations": [{"key": "a"}]}),
            json!({"tolerations": [{"key": "b"}]}),
            json!({"tolerations": [{"key": "b"}]}),
        ),
        (
            json!({}),
            json!({"containers": [{"name": "a", "image": null}, {"name": "b", "$patch": "delete"}], "$setElementOrder/containers": [{"name": "a"}]}),
            json!({"containers": [{"name": "a"}]}),
        ),
    ];
    for (object, patch, result) in cases {
        assert_eq!(
            patched(&pod(&object), &pod(&patch)),
            pod(&result),
            "{patch}"
        );
    }
    let object = json!({"metadata": {"finalizers": ["a", "b", "c"]}});
    let patch = json!({"metadata": {
        "$deleteFromPrimitiveList/finalizers": ["b"],
        "$setElementOrder/finalizers": ["d", "a"],
        "finalizers": ["d"],
    }});
    let result = json!({"metadata": {"finalizers": ["d", "a", "c"]}});
    assert_eq!(patched(&object, &patch), result);
}

#[test]
fn a_patch_that_contradicts_itself_is_refused_in_the_words_of_the_server() {
    let object = pod(&json!({
        "containers": [{"name": "a"}],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "nodeSelector": {"a": "1"},
    }));
    let cases = [
        (
            json!({"containers": [{"image": "x", "ports": [{"containerPort": 80}]}]}),
            "map: map[image:x ports:[map[containerPort:80]]] does not contain declared merge key: name",
        ),
        (
            json!({"nodeSelector": {"$patch": "merge", "a": "2"}}),
            "unknown patch type: merge in map: map[a:2]",
        ),
        (
            json!({"containers": [{"$patch": "merge"}]}),
            "merging lists cannot yet be specified in the patch",
        ),
        (
            json!({"containers": [["a"]]}),
            "lists of lists are not supported",
        ),
        (
            json!({"containers": ["a"]}),
            "list element types are not identical",
        ),
        (
            json!({"volumes": [{"name": "v", "$retainKeys": ["name"], "configMap": {}}]}),
            "invalid patch format of retainKeys",
        ),
        (
            json!({"containers": [{"name": "b"}], "$setElementOrder/containers": [{"name": "a"}]}),
            "invalid patch format of setElementOrder list",
        ),
    ];
    for (patch, expected) in cases {
        let error = strategic(Kind::Pod, &object, &pod(&patch)).expect_err(expected);
        assert_eq!(error.to_string(), expected, "{patch}");
    }
    let error = strategic(Kind::Pod, &object, &json!([])).expect_err("a list");
    assert_eq!(error, PatchError::NotAnObject);
}

#[test]
fn merge_patch_and_json_patch_do_as_their_standards_say() {
    let object = json!({"a": {"b": 1, "c": [1, 2]}});
    let patch = json!({"a": {"b": null, "c": [3]}});
    assert_eq!(merge(&object, &patch), json!({"a": {"c": [3]}}));
    let patch =
        json!([{"op": "add", "path": "/a/c/-", "value": 3}, {"op": "remove", "path": "/a/b"}]);
    assert_eq!(json(&object, &patch), Ok(json!({"a": {"c": [1, 2, 3]}})));
    for bad in [
        json!([{"op": "remove", "path": "/x"}]),
        json!([{"op": "test", "path": "/a/b", "value": 2}]),
        json!([{"op": "fly", "path": "/a"}]),
        json!({"a": 1}),
    ] {
        assert!(json(&object, &bad).is_err(), "{bad}");
    }
}

#[test]
fn a10_apply_sends_what_kubectl_sends() {
    let last = json!({"spec": {"replicas": 3, "template": {"spec": {"containers": [
        {"name": "web", "image": "web:1", "env": [{"name": "A", "value": "1"}]},
        {"name": "log", "image": "log:1"},
    ]}}}});
    let modified = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "web", "image": "web:2"},
    ]}}}});
    let live = json!({"spec": {"replicas": 5, "paused": true, "template": {"spec": {"containers": [
        {"name": "web", "image": "web:1", "imagePullPolicy": "Always", "env": [{"name": "A", "value": "1"}]},
        {"name": "log", "image": "log:1"},
        {"name": "injected", "image": "mesh:1"},
    ]}}}});
    let patch = three_way(Kind::Deployment, Some(&last), &modified, &live).expect("a patch");
    let expected = json!({"spec": {"replicas": null, "template": {"spec": {
        "$setElementOrder/containers": [{"name": "web"}],
        "containers": [
            {"name": "web", "image": "web:2", "env": null},
            {"name": "log", "$patch": "delete"},
        ],
    }}}});
    assert_eq!(patch, expected);
    let result = strategic(Kind::Deployment, &live, &patch).expect("its own patch");
    let wanted = json!({"spec": {"paused": true, "template": {"spec": {"containers": [
        {"name": "web", "image": "web:2", "imagePullPolicy": "Always"},
        {"name": "injected", "image": "mesh:1"},
    ]}}}});
    assert_eq!(result, wanted);
}

#[test]
fn a10_apply_of_another_strategy_clears_the_fields_of_the_old_one() {
    let strategy = |body: Value| json!({"spec": {"strategy": body}});
    let rolling = strategy(json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}));
    let recreate = strategy(json!({"type": "Recreate"}));
    let patch = three_way(Kind::Deployment, None, &recreate, &rolling).expect("a patch");
    assert_eq!(
        patch,
        strategy(json!({"$retainKeys": ["type"], "type": "Recreate"}))
    );
    assert_eq!(strategic(Kind::Deployment, &rolling, &patch), Ok(recreate));
}

#[test]
fn a10_nothing_to_apply_is_an_empty_patch() {
    let applied = pod(&json!({"containers": [{"name": "a", "image": "a:1"}]}));
    let live = pod(&json!({
        "containers": [{"name": "a", "image": "a:1", "imagePullPolicy": "Always"}],
        "nodeName": "node-a",
    }));
    assert_eq!(
        three_way(Kind::Pod, Some(&applied), &applied, &live),
        Ok(json!({}))
    );
}

#[test]
fn what_was_applied_last_is_kept_in_an_annotation() {
    let object = json!({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a"}, "data": {"x": "<&>"}});
    let annotated = with_last_applied(&object);
    assert_eq!(
        annotated["metadata"]["annotations"][LAST_APPLIED],
        "{\"apiVersion\":\"v1\",\"data\":{\"x\":\"\\u003c\\u0026\\u003e\"},\"kind\":\"ConfigMap\",\"metadata\":{\"annotations\":{},\"name\":\"a\"}}\n"
    );
    let again = with_last_applied(&annotated);
    assert_eq!(again, annotated);
    let kept = last_applied(&annotated).expect("an annotation");
    assert_eq!(kept["data"]["x"], "<&>");
    assert_eq!(last_applied(&object), None);
}

/// Some of these names, each once, in any order, with a body.
fn elements(
    key: &'static str,
    body: impl Strategy<Value = Vec<(&'static str, Value)>> + 'static,
) -> BoxedStrategy<Value> {
    let names = Just(vec!["a", "b", "c", "d"]).prop_shuffle();
    let bodies = proptest::collection::vec(body, 0..4);
    (names, bodies)
        .prop_map(move |(names, bodies)| {
            let items = names.into_iter().zip(bodies).map(|(name, body)| {
                let mut fields: Map<String, Value> = body
                    .into_iter()
                    .map(|(field, value)| (field.to_owned(), value))
                    .collect();
                fields.insert(key.to_owned(), name.into());
                Value::Object(fields)
            });
            items.collect::<Vec<Value>>().into()
        })
        .boxed()
}

/// Some of these fields, each with one of its values.
fn some_of(
    fields: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let each: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| proptest::option::of(value.prop_map(move |value| (name, value))))
        .collect();
    each.prop_map(|fields| fields.into_iter().flatten().collect())
}

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    proptest::sample::select(values)
        .prop_map(Value::from)
        .boxed()
}

fn set_of(values: &'static [&'static str]) -> BoxedStrategy<Value> {
    proptest::sample::subsequence(values, 0..=values.len())
        .prop_shuffle()
        .prop_map(|values| {
            values
                .into_iter()
                .map(Value::from)
                .collect::<Vec<_>>()
                .into()
        })
        .boxed()
}

fn mapping(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    some_of(fields)
        .prop_map(|fields| {
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            Value::Object(fields.collect())
        })
        .boxed()
}

fn deployments() -> BoxedStrategy<Value> {
    let env = elements("name", some_of(vec![("value", one_of(&["1", "2"]))]));
    let container = some_of(vec![
        ("image", one_of(&["x:1", "x:2"])),
        ("env", env),
        ("args", set_of(&["1", "2", "3"])),
        (
            "volumeMounts",
            elements("mountPath", some_of(vec![("name", one_of(&["v", "w"]))])),
        ),
    ]);
    let volume = some_of(vec![
        ("emptyDir", mapping(vec![("medium", one_of(&["Memory"]))])),
        ("configMap", mapping(vec![("name", one_of(&["c", "d"]))])),
    ]);
    let pod = mapping(vec![
        ("containers", elements("name", container)),
        ("volumes", elements("name", volume)),
        (
            "tolerations",
            elements("key", some_of(vec![("operator", one_of(&["Exists"]))])),
        ),
        (
            "nodeSelector",
            mapping(vec![("x", one_of(&["1", "2"])), ("y", one_of(&["1"]))]),
        ),
        ("restartPolicy", one_of(&["Always", "Never"])),
    ]);
    let strategy = mapping(vec![
        ("type", one_of(&["Recreate", "RollingUpdate"])),
        (
            "rollingUpdate",
            mapping(vec![("maxSurge", one_of(&["10%", "1"]))]),
        ),
    ]);
    mapping(vec![
        (
            "metadata",
            mapping(vec![
                (
                    "labels",
                    mapping(vec![("x", one_of(&["1", "2"])), ("y", one_of(&["1"]))]),
                ),
                ("finalizers", set_of(&["f", "g", "h"])),
                (
                    "ownerReferences",
                    elements("uid", some_of(vec![("name", one_of(&["o", "p"]))])),
                ),
            ]),
        ),
        (
            "spec",
            mapping(vec![
                (
                    "replicas",
                    prop_oneof![Just(1), Just(2)].prop_map(Value::from).boxed(),
                ),
                ("strategy", strategy),
                ("template", mapping(vec![("spec", pod)])),
            ]),
        ),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_difference_of_two_objects_makes_one_of_the_other(from in deployments(), to in deployments()) {
        let patch = difference(Kind::Deployment, &from, &to).expect("good objects");
        let result = strategic(Kind::Deployment, &from, &patch);
        prop_assert_eq!(result.as_ref(), Ok(&to), "{}", patch);
    }

    #[test]
    fn applying_over_what_was_applied_gives_what_is_applied(from in deployments(), to in deployments()) {
        let patch = three_way(Kind::Deployment, Some(&from), &to, &from).expect("good objects");
        let result = strategic(Kind::Deployment, &from, &patch);
        prop_assert_eq!(result.as_ref(), Ok(&to), "{}", patch);
    }

    #[test]
    fn no_patch_makes_it_panic(object in deployments(), last in deployments(), patch in "\\PC{0,20}") {
        let odd: Value = serde_json::from_str(&patch).unwrap_or_else(|_| json!({"spec": {"template": patch}}));
        let _ = strategic(Kind::Deployment, &object, &odd);
        let _ = three_way(Kind::Deployment, Some(&last), &object, &odd);
        let _ = json(&object, &odd);
        prop_assert_eq!(merge(&object, &json!({})), object);
    }
}
