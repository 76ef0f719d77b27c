//! What the numbers on the wire are called.

use capnp::introspect::{Introspect, Type, TypeVariant};
use capnp::schema::StructSchema;
use capnp::schema_capnp::field;
use otto_plugin::wire::{app_capnp, handshake_capnp, host_capnp};

#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) methods: &'static [Method],
}

#[derive(Debug)]
pub(crate) struct Method {
    pub(crate) interface: &'static str,
    pub(crate) ordinal: u16,
    pub(crate) name: &'static str,
    pub(crate) params: fn() -> Type,
    pub(crate) results: fn() -> Type,
}

macro_rules! interface {
    ($name:literal = $id:literal { $($ordinal:literal $method:literal ($params:ty) -> $results:ty,)* }) => {
        Interface { id: $id, name: $name, methods: &[$(Method {
            interface: $name,
            ordinal: $ordinal,
            name: $method,
            params: <$params>::introspect,
            results: <$results>::introspect,
        }),*] }
    };
}

/// The interfaces of the protocol.
static INTERFACES: &[Interface] = &[
    interface!("Plugin" = 0xae61_c7d2_5f0b_3984 {
        0 "connect" (handshake_capnp::plugin::connect_params::Owned) -> handshake_capnp::plugin::connect_results::Owned,
    }),
    interface!("Session" = 0xf25d_8b3e_6a90_41c7 {
        0 "app" (handshake_capnp::session::app_params::Owned) -> handshake_capnp::session::app_results::Owned,
        1 "ping" (handshake_capnp::session::ping_params::Owned) -> handshake_capnp::session::ping_results::Owned,
        2 "shutdown" (handshake_capnp::session::shutdown_params::Owned) -> handshake_capnp::session::shutdown_results::Owned,
    }),
    interface!("App" = 0xa1ba_6f9d_eeed_d70d {
        0 "meta" (app_capnp::app::meta_params::Owned) -> app_capnp::app::meta_results::Owned,
    }),
    interface!("Log" = 0xe5de_f1ba_683b_01fc {
        0 "write" (host_capnp::log::write_params::Owned) -> host_capnp::log::write_results::Owned,
    }),
];

/// The name of an interface.
pub(crate) fn interface(id: u64) -> Option<&'static Interface> {
    INTERFACES.iter().find(|interface| interface.id == id)
}

/// The method that a call is for.
pub(crate) fn method(interface_id: u64, ordinal: u16) -> Option<&'static Method> {
    let methods = interface(interface_id)?.methods;
    methods.iter().find(|method| method.ordinal == ordinal)
}

/// The name of a method, or its numbers if it has none.
pub(crate) fn method_name(interface_id: u64, ordinal: u16) -> String {
    match (interface(interface_id), method(interface_id, ordinal)) {
        (_, Some(method)) => format!("{}.{}", method.interface, method.name),
        (Some(interface), None) => format!("{}.@{ordinal}", interface.name),
        (None, None) => format!("@{interface_id:#x}.@{ordinal}"),
    }
}

/// The name of the pointer field with this index in the results of a method.
pub(crate) fn result_field(method: &Method, pointer: u16) -> Option<&'static str> {
    let TypeVariant::Struct(raw) = (method.results)().which() else {
        return None;
    };
    let found = StructSchema::from(raw)
        .get_fields()
        .ok()?
        .iter()
        .find(|found| {
            found.get_type().is_pointer_type()
                && matches!(found.get_proto().which(), Ok(field::Slot(slot)) if slot.get_offset() == u32::from(pointer))
        })?;
    found.get_proto().get_name().ok()?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_a_name_are_shown_as_they_are() {
        assert_eq!(method_name(0xae61_c7d2_5f0b_3984, 0), "Plugin.connect");
        assert_eq!(method_name(0xae61_c7d2_5f0b_3984, 9), "Plugin.@9");
        assert_eq!(method_name(0x17, 2), "@0x17.@2");
    }

    #[test]
    fn a_pointer_of_the_results_has_the_name_of_its_field() {
        let connect = method(0xae61_c7d2_5f0b_3984, 0).expect("connect");
        assert_eq!(result_field(connect, 1), Some("session"));
        assert_eq!(result_field(connect, 99), None);
    }
}
