//! The ports of a node that pods take.

use super::requests::is_sidecar;
use super::{Pod, core};

/// A port of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// The port.
    pub port: i32,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// The address; `0.0.0.0` for all of them.
    pub address: String,
}

impl HostPort {
    fn of(port: &core::ContainerPort) -> Option<Self> {
        let text = |given: &Option<String>, default: &str| {
            let given = given.as_deref().filter(|text| !text.is_empty());
            given.unwrap_or(default).to_owned()
        };
        Some(Self {
            port: port.host_port.filter(|port| *port > 0)?,
            protocol: text(&port.protocol, "TCP"),
            address: text(&port.host_ip, "0.0.0.0"),
        })
    }

    /// Whether two pods cannot have both.
    #[must_use]
    pub fn conflicts_with(&self, other: &Self) -> bool {
        let is_any = |address: &str| address == "0.0.0.0";
        self.port == other.port
            && self.protocol == other.protocol
            && (self.address == other.address || is_any(&self.address) || is_any(&other.address))
    }
}

/// The ports of the node that the pod's containers and sidecars take.
/// Source: `GetHostPorts` of `pkg/scheduler/util`.
#[must_use]
pub fn host_ports(pod: &Pod) -> Vec<HostPort> {
    let initial = pod.spec.init_containers.iter().flatten();
    let regular = pod.spec.containers.iter();
    regular
        .chain(initial.filter(|container| is_sidecar(container)))
        .flat_map(|container| container.ports.iter().flatten())
        .filter_map(HostPort::of)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_all_addresses_conflicts_with_the_same_port_of_each() {
        let port = |address: &str, protocol: &str| HostPort {
            port: 80,
            protocol: protocol.to_owned(),
            address: address.to_owned(),
        };
        let cases = [
            (port("0.0.0.0", "TCP"), port("10.0.0.1", "TCP"), true),
            (port("10.0.0.1", "TCP"), port("10.0.0.1", "TCP"), true),
            (port("10.0.0.1", "TCP"), port("10.0.0.2", "TCP"), false),
            (port("0.0.0.0", "TCP"), port("0.0.0.0", "UDP"), false),
        ];
        for (one, two, expected) in cases {
            assert_eq!(one.conflicts_with(&two), expected, "{one:?} {two:?}");
            assert_eq!(two.conflicts_with(&one), expected, "{one:?} {two:?}");
        }
    }
}
