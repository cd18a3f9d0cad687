//! From Pending to Running to gone.

use serde_json::json;

use super::driver::World;

#[test]
fn k2_a_pod_goes_from_pending_to_running_in_order() {
    let mut world = World::new();
    let web = world.run_pod("web", json!({}));
    assert_eq!(world.phase(&web), "Pending");
    world.settle();
    assert_eq!(world.phase(&web), "Running");
    assert_eq!(
        world.steps(),
        [
            "noticed",
            "admitted",
            "sandbox-ready",
            "wanted",
            "begun",
            "pulled",
            "created",
            "started"
        ]
    );
    world.delete(&web, None);
    world.settle();
    assert_eq!(world.phase(&web), "gone");
}
