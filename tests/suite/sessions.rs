//! Random sessions for the tests of time: seeds, commands and faults at random steps.

use glassplane::cluster::{Cluster, ClusterConfig, Command, History};
use glassplane::sim::Random;

use crate::worlds::{command, pods, web};

/// A session that was made step by step, with its past.
pub(crate) struct Made {
    pub(crate) cluster: Cluster,
    pub(crate) history: History,
}

/// A run of so many steps with a command every few dozen of them. `each` sees the world before each
/// step, with the commands of that step already given, and at the end.
pub(crate) fn random(seed: u64, steps: u64, mut each: impl FnMut(&Cluster)) -> Made {
    let mut chance = Random::stream(seed, "session");
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(seed, 3));
    let mut history = History::starting_at(&cluster);
    let replicas = 1 + u32::try_from(seed % 3).expect("a small number");
    cluster.submit(command("apply -f file.yaml", &web(replicas)));
    let mut next = 40 + chance.below(60);
    while cluster.steps() < steps {
        if cluster.steps() >= next {
            next = cluster.steps() + 20 + chance.below(80);
            let wish = wish(&mut chance, &cluster);
            if cluster.misses(&wish).is_none() {
                cluster.submit(wish);
            }
        }
        each(&cluster);
        if !cluster.step() {
            break;
        }
        history.keep(&cluster);
    }
    each(&cluster);
    Made { cluster, history }
}

fn wish(chance: &mut Random, cluster: &Cluster) -> Command {
    let mut pick = |words: &[&str]| {
        let place = usize::try_from(chance.below(words.len() as u64)).expect("a small number");
        words[place].to_owned()
    };
    let node = pick(&["node-a", "node-b", "node-c"]);
    let component = pick(&[
        "replicaset-controller",
        "deployment-controller",
        "kube-scheduler",
        "kubelet/node-a",
        "endpointslice-controller",
    ]);
    let names: Vec<String> = pods(cluster)
        .iter()
        .map(|pod| pod.name().to_owned())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let pod = if names.is_empty() {
        "none".to_owned()
    } else {
        pick(&names)
    };
    let number = pick(&["0", "1", "2", "4", "6"]);
    let line = pick(&[
        "scale deployment/web --replicas=NUMBER",
        "set image deployment/web web=nginx:1.28",
        "delete pod POD",
        "taint nodes NODE maintenance=yes:NoExecute",
        "taint nodes NODE maintenance-",
        "cordon NODE",
        "uncordon NODE",
        "fault node-down NODE",
        "fault node-up NODE",
        "fault restart COMPONENT",
        "fault cut-watch COMPONENT",
        "fault slow-registry 20s",
        "fault crash POD",
        "get pods",
    ]);
    let line = line
        .replace("NUMBER", &number)
        .replace("NODE", &node)
        .replace("COMPONENT", &component)
        .replace("POD", &pod);
    command(&line, "")
}
