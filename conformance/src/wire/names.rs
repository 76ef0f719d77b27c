//! What the numbers on the wire are called.

use capnp::introspect::TypeVariant;
use capnp::schema::StructSchema;
use capnp::schema_capnp::field;
use otto_plugin::bindings::INTERFACES;
use otto_plugin::rpc::{Interface, Method};

fn interface(id: u64) -> Option<&'static Interface> {
    INTERFACES
        .iter()
        .find(|interface| interface.id == id)
        .copied()
}

/// The name of an interface.
pub(super) fn interface_name(id: u64) -> Option<&'static str> {
    interface(id).map(|interface| interface.name)
}

/// The method that a call is for.
pub(crate) fn method(interface_id: u64, ordinal: u16) -> Option<&'static Method> {
    let methods = interface(interface_id)?.methods;
    methods.iter().find(|method| method.ordinal == ordinal)
}

/// The names of an interface and of one of its methods, or their numbers, each after an `@`.
pub(super) fn names(interface_id: u64, ordinal: u16) -> (String, String) {
    let interface = interface_name(interface_id);
    let method = method(interface_id, ordinal);
    (
        interface.map_or_else(|| format!("@{interface_id:#x}"), str::to_owned),
        method.map_or_else(|| format!("@{ordinal}"), |method| method.name.to_owned()),
    )
}

/// The name of a method, or its numbers if it has none.
pub(crate) fn method_name(interface_id: u64, ordinal: u16) -> String {
    let (interface, method) = names(interface_id, ordinal);
    format!("{interface}.{method}")
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
