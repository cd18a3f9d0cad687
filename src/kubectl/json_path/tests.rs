//! Templates from kubectl's own documentation, over one list.

use serde_json::json;

use super::*;

fn list() -> Value {
    json!({
        "kind": "List",
        "items": [
            {
                "kind": "Node",
                "metadata": {"name": "127.0.0.1", "labels": {"kubernetes.io/hostname": "127.0.0.1"}},
                "status": {"capacity": {"cpu": "4"}, "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.1"}]},
            },
            {
                "kind": "Node",
                "metadata": {"name": "127.0.0.2"},
                "status": {
                    "capacity": {"cpu": "8"},
                    "addresses": [
                        {"type": "LegacyHostIP", "address": "127.0.0.2"},
                        {"type": "another", "address": "127.0.0.3"},
                    ],
                },
            },
        ],
        "users": [
            {"name": "myself", "user": {}, "age": 5},
            {"name": "e2e", "user": {"username": "admin", "password": "secret"}, "age": 7},
        ],
    })
}

#[test]
fn templates_come_to_what_kubectl_documents() {
    let cases = [
        ("{.kind}", "List"),
        ("kind is {.kind}", "kind is List"),
        ("{['kind']}", "List"),
        ("{..name}", "127.0.0.1 127.0.0.2 myself e2e"),
        ("{.items[*].metadata.name}", "127.0.0.1 127.0.0.2"),
        ("{.users[0].name}", "myself"),
        ("{.users[-1].name}", "e2e"),
        ("{.users[0:1].name}", "myself"),
        ("{.users[-1:].name}", "e2e"),
        (
            "{.items[*]['metadata.name', 'status.capacity']}",
            "127.0.0.1 {\"cpu\":\"4\"} 127.0.0.2 {\"cpu\":\"8\"}",
        ),
        ("{.users[?(@.name==\"e2e\")].user.password}", "secret"),
        ("{.users[?(@.age > 5)].name}", "e2e"),
        ("{.users[?(@.user.username)].name}", "e2e"),
        (
            "{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}",
            "[127.0.0.1, {\"cpu\":\"4\"}] [127.0.0.2, {\"cpu\":\"8\"}] ",
        ),
        (
            "{range .items[*]}{.metadata.name}{'\\t'}{\"\\n\"}{end}",
            "127.0.0.1\t\n127.0.0.2\t\n",
        ),
        (
            "{.items[0].metadata.labels.kubernetes\\.io/hostname}",
            "127.0.0.1",
        ),
        (
            "{.items[0].metadata.labels['kubernetes\\.io/hostname']}",
            "127.0.0.1",
        ),
        (
            "{.items[*].status.addresses[?(@.type=='another')].address}",
            "127.0.0.3",
        ),
        ("{.users[0].user}", "{}"),
        ("{.users[*].age}", "5 7"),
        ("{.nothing.here}", ""),
        (".kind", ".kind"),
        (
            "{range .items[*]}{range .status.addresses[*]}{.address};{end}|{end}",
            "127.0.0.1;|127.0.0.2;127.0.0.3;|",
        ),
    ];
    for (template, expected) in cases {
        let path = JsonPath::parse(template).unwrap_or_else(|error| panic!("{template}: {error}"));
        assert_eq!(path.text(&list()).as_deref(), Ok(expected), "{template}");
    }
}

#[test]
fn what_cannot_be_read_or_is_not_there_says_why() {
    for (template, expected) in [
        ("{.items", "unclosed action"),
        ("{.items[0}", "unterminated array"),
        ("{hello}", "unrecognized identifier hello"),
        ("{end}", "not in range, nothing to end"),
        ("{.items[?(@.a}", "unterminated array"),
        ("{.items[x]}", "invalid array index x"),
    ] {
        let error = JsonPath::parse(template).expect_err(template);
        assert_eq!(error.to_string(), expected, "{template}");
    }
    for (template, expected) in [
        (
            "{.items[5]}",
            "array index out of bounds: index 5, length 2",
        ),
        ("{.kind[0]}", "string is not array or slice"),
    ] {
        let path = JsonPath::parse(template).expect(template);
        let error = path.text(&list()).expect_err(template);
        assert_eq!(error.to_string(), expected, "{template}");
    }
}

#[test]
fn a_relaxed_path_needs_neither_braces_nor_the_first_dot() {
    for text in ["kind", ".kind", "{kind}", "{.kind}"] {
        let path = JsonPath::parse_relaxed(text).expect(text);
        assert_eq!(path.text(&list()).as_deref(), Ok("List"), "{text}");
    }
    assert!(JsonPath::parse_relaxed("{.a}{.b}").is_err());
}
