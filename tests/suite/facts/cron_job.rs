//! C6: Jobs by the calendar, over whole worlds.

use glassplane::api::{CronJob, Kind};

use super::{events, kubectl, wait, world};
use crate::worlds::{command, get};

/// A start each minute, of a Job that runs for ninety seconds.
fn each_minute(policy: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: tidy}}\nspec:\n  \
         schedule: '* * * * *'\n  concurrencyPolicy: {policy}\n  jobTemplate:\n    spec:\n      \
         template:\n        metadata: {{annotations: {{glassplane.io/exits-after: 90s}}}}\n        \
         spec: {{restartPolicy: Never, containers: [{{name: tidy, image: 'tidy:1'}}]}}\n"
    )
}

#[test]
fn c6_starts_that_meet_run_beside_each_other_wait_or_replace_each_other() {
    let cases: [(&str, usize, &[&str]); 3] = [
        (
            "Allow",
            2,
            &[
                "60 SuccessfulCreate",
                "120 SuccessfulCreate",
                "154 SawCompletedJob",
                "180 SuccessfulCreate",
            ],
        ),
        (
            "Forbid",
            1,
            &[
                "60 SuccessfulCreate",
                "120 JobAlreadyActive",
                "154 SawCompletedJob",
                "154 SuccessfulCreate",
            ],
        ),
        (
            "Replace",
            1,
            &[
                "60 SuccessfulCreate",
                "120 SuccessfulDelete",
                "120 SuccessfulCreate",
                "180 SuccessfulDelete",
                "180 SuccessfulCreate",
            ],
        ),
    ];
    for (policy, active, wanted) in cases {
        let mut cluster = world(1, &each_minute(policy));
        wait(&mut cluster, 200);
        let told = events(&cluster, Kind::CronJob);
        let told: Vec<String> = told
            .iter()
            .map(|(second, reason, _)| format!("{second} {reason}"))
            .collect();
        assert_eq!(told, wanted, "{policy}");
        let tidy: CronJob = get(&cluster, "tidy").expect("it is there");
        let listed = tidy.status.active.iter().flatten().count();
        assert_eq!(listed, active, "{policy}");
    }
}

#[test]
fn c6_a_job_made_by_hand_from_a_cron_job_is_told_and_not_counted() {
    let mut cluster = world(1, &each_minute("Forbid"));
    wait(&mut cluster, 5);
    let tidy: CronJob = get(&cluster, "tidy").expect("it is there");
    let by_hand = format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: by-hand\n  ownerReferences:\n  \
         - {{apiVersion: batch/v1, kind: CronJob, name: tidy, uid: {}, controller: true}}\nspec:\n  \
         template:\n    spec: {{restartPolicy: Never, containers: [{{name: tidy, image: 'tidy:1'}}]}}\n",
        tidy.uid()
    );
    cluster.submit(command("apply -f file.yaml", &by_hand));
    wait(&mut cluster, 60);
    let told = events(&cluster, Kind::CronJob);
    let told: Vec<&str> = told.iter().map(|(_, reason, _)| reason.as_str()).collect();
    assert_eq!(told, ["UnexpectedJob", "SuccessfulCreate"]);
    let tidy: CronJob = get(&cluster, "tidy").expect("it is there");
    assert_eq!(tidy.status.active.iter().flatten().count(), 1);
}

#[test]
fn c6_of_many_missed_starts_only_the_last_is_made_up_and_that_is_told() {
    for (hours, wanted) in [
        (1, &["SuccessfulCreate"][..]),
        (2, &["TooManyMissedTimes", "SuccessfulCreate"][..]),
    ] {
        let mut cluster = world(1, &each_minute("Allow"));
        kubectl(&mut cluster, "fault stop cronjob-controller");
        wait(&mut cluster, hours * 3600 + 10);
        assert_eq!(events(&cluster, Kind::CronJob), []);
        kubectl(&mut cluster, "fault start cronjob-controller");
        wait(&mut cluster, 30);
        let told = events(&cluster, Kind::CronJob);
        let reasons: Vec<&str> = told.iter().map(|(_, reason, _)| reason.as_str()).collect();
        assert_eq!(reasons, wanted, "after {hours} hours");
        assert_eq!(cluster.store().list(Kind::Job, None).count(), 1);
    }
}
