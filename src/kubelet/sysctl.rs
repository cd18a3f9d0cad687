//! Which settings of the kernel a pod may ask for: those that no other pod feels.

use super::admission::Rejection;
use crate::api::Pod;

/// The safe ones that belong to the namespace for communication between processes.
/// Source: `pkg/kubelet/sysctl/safe_sysctls.go`, as for the next.
const OF_IPC: [&str; 1] = ["kernel.shm_rmid_forced"];

/// The safe ones that belong to the namespace of the network.
const OF_NETWORK: [&str; 11] = [
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

/// Whether a kubelet without `--allowed-unsafe-sysctls` takes a pod with such settings.
/// Source: `pkg/kubelet/sysctl/allowlist.go`.
///
/// # Errors
/// The first setting that it does not allow.
pub(super) fn check(pod: &Pod) -> Result<(), Rejection> {
    let context = pod.spec.security_context.as_ref();
    let sysctls = context.and_then(|context| context.sysctls.as_deref());
    for sysctl in sysctls.unwrap_or_default() {
        // The kernel has both spellings.
        let name = sysctl.name.replace('/', ".");
        let shared = if OF_IPC.contains(&name.as_str()) {
            pod.spec.host_ipc.and_then(|is| is.then_some("IPC"))
        } else if OF_NETWORK.contains(&name.as_str()) {
            pod.spec.host_network.and_then(|is| is.then_some("Net"))
        } else {
            return Err(forbidden(&format!("\"{name}\" not allowlisted")));
        };
        if let Some(namespace) = shared {
            let why = format!("\"{name}\" not allowed with host {namespace} enabled");
            return Err(forbidden(&why));
        }
    }
    Ok(())
}

fn forbidden(why: &str) -> Rejection {
    Rejection {
        reason: "SysctlForbidden",
        message: format!("forbidden sysctl: {why}"),
    }
}
