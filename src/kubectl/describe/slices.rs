//! The description of an endpoint slice.

use super::writer::Writer;
use crate::api::{EndpointSlice, Event, discovery};
use crate::sim::Time;

const UNSET: &str = "<unset>";

/// Source: `describeEndpointSliceV1` of `kubectl/pkg/describe/describe.go`.
pub(super) fn describe(writer: &mut Writer, slice: &EndpointSlice, events: &[&Event], now: Time) {
    writer.named(slice.name(), slice.namespace());
    writer.labels(0, "Labels", slice.metadata.labels.as_ref());
    writer.annotations(0, slice.metadata.annotations.as_ref());
    writer.field(0, "AddressType", &slice.spec.address_type);
    ports(writer, slice.spec.ports.as_deref().unwrap_or_default());
    if slice.spec.endpoints.is_empty() {
        writer.line(0, "Endpoints: <none>");
    } else {
        writer.line(0, "Endpoints:");
    }
    for endpoint in &slice.spec.endpoints {
        self::endpoint(writer, endpoint);
    }
    super::events(writer, events, now);
}

fn ports(writer: &mut Writer, ports: &[discovery::EndpointPort]) {
    if ports.is_empty() {
        writer.line(0, "Ports: <unset>");
        return;
    }
    writer.line(0, "Ports:");
    writer.line(1, "Name\tPort\tProtocol");
    writer.line(1, "----\t----\t--------");
    for port in ports {
        let name = port.name.as_deref().filter(|name| !name.is_empty());
        let number = port.port.map(|number| number.to_string());
        let number = number.unwrap_or_else(|| UNSET.to_owned());
        let protocol = port.protocol.as_deref().unwrap_or_default();
        let name = name.unwrap_or(UNSET);
        writer.line(1, format_args!("{name}\t{number}\t{protocol}"));
    }
}

fn endpoint(writer: &mut Writer, endpoint: &discovery::Endpoint) {
    let addresses = endpoint.addresses.join(", ");
    let addresses = super::or_none(&addresses);
    writer.line(1, format_args!("- Addresses:\t{addresses}"));
    writer.line(2, "Conditions:");
    let ready = endpoint.conditions.as_ref().and_then(|each| each.ready);
    let ready = ready.map_or_else(|| UNSET.to_owned(), |ready| ready.to_string());
    writer.field(3, "Ready", ready);
    let or_unset = |text: &Option<String>| text.clone().unwrap_or_else(|| UNSET.to_owned());
    writer.field(2, "Hostname", or_unset(&endpoint.hostname));
    if let Some(target) = &endpoint.target_ref {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let target = format!("{}/{}", text(&target.kind), text(&target.name));
        writer.field(2, "TargetRef", target);
    }
    writer.field(2, "NodeName", or_unset(&endpoint.node_name));
    writer.field(2, "Zone", or_unset(&endpoint.zone));
}
