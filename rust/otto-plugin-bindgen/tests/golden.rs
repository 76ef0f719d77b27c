//! The bindings of small schemas, one for each feature, as they are meant to be.
//!
//! After a change of the generator that is meant, run the tests with `OTTO_GOLDEN=write`, and look
//! at the difference.

mod common;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use common::difference;
use otto_plugin_bindgen::{Bindings, Module, compiler};

/// The schemas, one for each feature.
const FEATURES: [&str; 15] = [
    "capabilities.capnp",
    "comments.capnp",
    "enums.capnp",
    "groups.capnp",
    "imports.capnp",
    "interfaces.capnp",
    "lists.capnp",
    "maps.capnp",
    "names.capnp",
    "options.capnp",
    "recursion.capnp",
    "results.capnp",
    "scalars.capnp",
    "streams.capnp",
    "unions.capnp",
];

static MODULES: LazyLock<Vec<Module>> = LazyLock::new(|| {
    let request = compiler::compile(folder("schemas"), &FEATURES).expect("the schemas are right");
    let bindings = Bindings::new(request)
        .wire("crate::wire")
        .boxed("Delivery.parcel")
        .optional("Room.desk")
        .required("Clerk.weigh");
    bindings.modules().expect("the schemas are supported")
});

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// Compares the bindings of a schema with the golden ones.
fn check(name: &str) {
    let module = MODULES
        .iter()
        .find(|module| module.name == name)
        .expect("it has a schema");
    let golden = folder("golden").join(format!("{name}.rs"));
    if std::env::var_os("OTTO_GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(&golden, &module.text).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&golden).unwrap_or_default();
    let name = format!("tests/golden/{name}.rs");
    if let Some(difference) = difference(&name, &expected, &module.text) {
        panic!("{difference}");
    }
}

#[test]
fn capabilities_are_clients_and_absent_only_where_an_option_says_so() {
    check("capabilities");
}

#[test]
fn comments_are_documentation_without_what_markdown_would_make_of_them() {
    check("comments");
}

#[test]
fn enums_have_a_variant_for_numbers_that_the_schema_does_not_have() {
    check("enums");
}

#[test]
fn groups_are_structs_of_their_own() {
    check("groups");
}

#[test]
fn types_of_other_files_are_named_by_their_paths() {
    check("imports");
}

#[test]
fn interfaces_are_a_trait_and_a_client() {
    check("interfaces");
}

#[test]
fn lists_are_vectors_at_any_depth() {
    check("lists");
}

#[test]
fn lists_of_keys_and_values_are_maps() {
    check("maps");
}

#[test]
fn names_that_rust_has_another_use_for_are_written_in_another_way() {
    check("names");
}

#[test]
fn unions_of_none_and_something_are_options() {
    check("options");
}

#[test]
fn structs_that_hold_themselves_are_boxed_and_go_deeper() {
    check("recursion");
}

#[test]
fn results_with_an_error_are_results() {
    check("results");
}

#[test]
fn scalars_keep_their_defaults() {
    check("scalars");
}

#[test]
fn streaming_methods_answer_nothing() {
    check("streams");
}

#[test]
fn unions_are_enums_with_a_variant_for_unknown_members() {
    check("unions");
}

#[test]
fn all_modules_are_declared_and_all_interfaces_listed() {
    check("mod");
}

#[test]
fn every_golden_file_is_of_a_schema() {
    for entry in std::fs::read_dir(folder("golden")).expect("it is there") {
        let name = entry.expect("it can be listed").file_name();
        let name = name.to_string_lossy().replace(".rs", "");
        assert!(
            MODULES.iter().any(|module| module.name == name),
            "{name} is of no schema"
        );
    }
}
