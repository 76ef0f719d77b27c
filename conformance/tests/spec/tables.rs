//! Tables of interfaces, structs and enums.

use capnp::schema_capnp::{field, node};

use crate::blocks;
use crate::schema::{Schema, request, short_name, text};

/// Discriminant of a field that is no member of a union.
const NO_UNION: u16 = 0xffff;

#[test]
fn the_tables_are_those_of_the_schema() {
    let request = request();
    let schema = Schema::new(&request);
    let shown = blocks::compare("schema", |what| {
        let (kind, name) = what.split_once(' ').expect("a kind and a name");
        let node = schema.find(name);
        let table = match (kind, node.which().expect("a known kind")) {
            ("interface", node::Interface(it)) => methods(schema, node.get_id(), it),
            ("struct", node::Struct(it)) => {
                let head = "| field | type | |\n|---|---|---|".to_owned();
                head + &fields(schema, node.get_id(), it, "")
            }
            ("enum", node::Enum(it)) => enumerants(schema, node.get_id(), it),
            _ => panic!("{name} is no {kind}"),
        };
        let comment = schema.comment(node.get_id());
        format!("`{name}`: {}\n\n{table}", comment.replace(". ", ".\n"))
    });
    for interface in otto_plugin::bindings::INTERFACES {
        let block = format!("interface {}", interface.name);
        assert!(shown.contains(&block), "no chapter has a table of {block}");
    }
}

fn methods(schema: Schema<'_>, id: u64, interface: node::interface::Reader<'_>) -> String {
    let mut table = "| | method | takes | gives | |\n|---|---|---|---|---|".to_owned();
    let methods = interface.get_methods().expect("it has methods");
    for (index, method) in (0..).zip(methods) {
        let (takes, gives) = (
            parameters(schema, method.get_param_struct_type()),
            parameters(schema, method.get_result_struct_type()),
        );
        table += &format!(
            "\n| {index} | `{}` | {takes} | {gives} | {} |",
            text(method.get_name()),
            cell(&schema.member_comment(id, index))
        );
    }
    table
}

/// The names and the types of parameters or results, or the name of their struct.
fn parameters(schema: Schema<'_>, id: u64) -> String {
    let node = schema.node(id);
    if node.get_scope_id() != 0 {
        return format!("`{}`", short_name(node));
    }
    let Ok(node::Struct(parameters)) = node.which() else {
        panic!("parameters are a struct");
    };
    let fields = parameters.get_fields().expect("it has fields");
    let names: Vec<_> = fields
        .iter()
        .map(|field| format!("`{} :{}`", text(field.get_name()), kind(schema, field)))
        .collect();
    names.join(", ")
}

/// A row for each field. The members of a group follow it.
fn fields(schema: Schema<'_>, id: u64, of: node::struct_::Reader<'_>, group: &str) -> String {
    let mut rows = String::new();
    let mut fields: Vec<_> = (0..).zip(of.get_fields().expect("it has fields")).collect();
    fields.sort_by_key(|(_, field)| field.get_code_order());
    for (index, field) in fields {
        let name = format!("{group}{}", text(field.get_name()));
        let member = match field.get_discriminant_value() {
            NO_UNION => "",
            _ => "or ",
        };
        rows += &format!(
            "\n| {member}`{name}` | {} | {} |",
            kind(schema, field),
            cell(&schema.member_comment(id, index))
        );
        if let Ok(field::Group(inner)) = field.which() {
            let node = schema.node(inner.get_type_id());
            let Ok(node::Struct(inner)) = node.which() else {
                panic!("a group is a struct");
            };
            rows += &self::fields(schema, node.get_id(), inner, &format!("{name}."));
        }
    }
    rows
}

fn kind(schema: Schema<'_>, field: field::Reader<'_>) -> String {
    match field.which().expect("a known kind") {
        field::Group(_) => "union".to_owned(),
        field::Slot(slot) => schema.type_name(slot.get_type().expect("a slot has a type")),
    }
}

fn enumerants(schema: Schema<'_>, id: u64, of: node::enum_::Reader<'_>) -> String {
    let mut table = "| | name | |\n|---|---|---|".to_owned();
    for (index, enumerant) in (0..).zip(of.get_enumerants().expect("it has enumerants")) {
        table += &format!(
            "\n| {index} | `{}` | {} |",
            text(enumerant.get_name()),
            cell(&schema.member_comment(id, index))
        );
    }
    table
}

/// What stands in a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
