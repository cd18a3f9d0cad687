//! What a script says of applications reaches the containers that it is about.

use std::sync::Arc;

use glassplane::cluster::{Files, Scenario, scenario};

use crate::worlds::web;

const SCRIPT: &str = "
applications:
  - { pods: app=web, cpu: 300m, memory: 0s 64Mi }
  - { pods: app=other, cpu: 700m }
do:
  - kubectl apply -f web.yaml
";

fn parse(text: &str) -> Result<Scenario, String> {
    let load = |name: &str| {
        Ok(Files::from([(
            name.to_owned(),
            Arc::from(web(2).as_bytes()),
        )]))
    };
    let load: scenario::Loader<'_> = &load;
    Scenario::parse(text, load)
}

#[test]
fn a_script_declares_what_the_applications_use_that_its_selectors_pick() {
    let finished = parse(SCRIPT).and_then(Scenario::run);
    let cluster = finished.expect("the script runs").cluster;
    let now = cluster.now();
    let pods = cluster
        .kubelets()
        .flat_map(|part| part.component.usage(now).map(|pod| pod.total()))
        .map(|usage| (usage.cpu().to_string(), usage.memory().to_string()));
    let expected = ("300m".to_owned(), "64Mi".to_owned());
    assert_eq!(pods.collect::<Vec<_>>(), [expected.clone(), expected]);
}

#[test]
fn a_script_that_declares_wrongly_is_refused_with_what_would_be_right() {
    for (line, said) in [
        (
            "{ pods: app=web, cpu: 1 PB }",
            "error: applications, pods \"app=web\": cpu: ",
        ),
        (
            "{ pods: app=web, memry: 1Gi }",
            "there is no \"memry\"; did you mean \"memory\"?",
        ),
        (
            "{ pods: \"=\", cpu: 1 }",
            "error: applications, pods \"=\": ",
        ),
    ] {
        let error = parse(&format!("applications:\n  - {line}\n")).expect_err(line);
        assert!(error.contains(said), "{line}: {error}");
    }
}
