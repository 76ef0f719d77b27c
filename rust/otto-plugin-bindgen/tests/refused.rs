//! What there are no bindings for is refused by name, and not left out.

use otto_plugin_bindgen::{Bindings, Error, Unsupported, compiler};

/// Makes bindings of a schema of one file.
fn bind(schema: &str, options: impl FnOnce(Bindings) -> Bindings) -> Result<(), Error> {
    let dir = tempfile::tempdir().expect("there is room");
    let text = format!("@0x9f5d0b7c1c0affff;\n{schema}");
    std::fs::write(dir.path().join("test.capnp"), text).expect("there is room");
    let request = compiler::compile(dir.path(), &["test.capnp"]).expect("the schema is right");
    options(Bindings::new(request)).modules().map(drop)
}

fn assert_unsupported(schema: &str, node: &str, what: Unsupported) {
    match bind(schema, |bindings| bindings) {
        Err(Error::Unsupported {
            node: found_node,
            what: found,
            ..
        }) => {
            assert_eq!((found_node.as_str(), found), (node, what));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_generic_struct_is_refused() {
    assert_unsupported(
        "struct A(T) { a @0 :T; }",
        "test.capnp:A",
        Unsupported::Generic,
    );
}

#[test]
fn a_generic_method_is_refused() {
    let schema = "interface A { a @0 [T] (x :T) -> (); }";
    assert_unsupported(schema, "A.a", Unsupported::Generic);
}

#[test]
fn an_untyped_pointer_is_refused() {
    assert_unsupported(
        "struct A { a @0 :AnyPointer; }",
        "A.a",
        Unsupported::AnyPointer,
    );
    assert_unsupported(
        "struct A { a @0 :AnyStruct; }",
        "A.a",
        Unsupported::AnyPointer,
    );
}

#[test]
fn a_capability_in_a_union_is_refused() {
    let schema = "interface B {} struct A { union { a @0 :Void; b @1 :B; } }";
    assert_unsupported(schema, "A.b", Unsupported::CapabilityInUnion);
}

#[test]
fn a_capability_in_a_group_of_a_union_is_refused() {
    let schema = "interface B {} struct A { union { a @0 :Void; g :group { b @1 :B; } } }";
    assert_unsupported(schema, "A.g.b", Unsupported::CapabilityInUnion);
}

#[test]
fn a_default_of_a_list_is_refused() {
    let schema = "struct A { a @0 :List(UInt8) = [1, 2]; }";
    assert_unsupported(schema, "A.a", Unsupported::PointerDefault);
}

#[test]
fn a_default_without_an_end_is_refused() {
    let schema = "struct A { union { a @0 :B; none @1 :Void; } } struct B { a @0 :A; }";
    assert_unsupported(schema, "A.a", Unsupported::EndlessDefault);
}

#[test]
fn an_interface_that_extends_another_is_refused() {
    let schema = "interface A {} interface B extends(A) {}";
    assert_unsupported(schema, "test.capnp:B", Unsupported::Superclass);
}

#[test]
fn an_annotation_that_renames_a_wire_type_is_refused() {
    let schema = r#"using Rust = import "/capnp/rust.capnp";
        struct A { a @0 :Text $Rust.name("b"); }"#;
    assert_unsupported(schema, "test.capnp:A", Unsupported::Annotation);
}

#[test]
fn other_annotations_and_constants_say_nothing() {
    let schema = r#"using Cxx = import "/capnp/c++.capnp";
        $Cxx.namespace("test");
        annotation note(field) :Text;
        const answer :Int32 = 42;
        struct A { a @0 :Text $note("b"); }"#;
    assert!(bind(schema, |bindings| bindings).is_ok());
}

#[test]
fn two_types_of_the_same_name_are_refused() {
    let schema = "struct A { b :group { c @0 :Text; } struct B { c @0 :Text; } }";
    assert_unsupported(schema, "A.B", Unsupported::SameName);
}

#[test]
fn two_files_of_the_same_name_are_refused() {
    let dir = tempfile::tempdir().expect("there is room");
    let names = ["a/test.capnp", "b/test.capnp"];
    for (name, id) in names
        .iter()
        .zip(["@0x9f5d0b7c1c0afffe;", "@0x9f5d0b7c1c0affff;"])
    {
        let file = dir.path().join(name);
        std::fs::create_dir(file.parent().expect("it has one")).expect("there is room");
        std::fs::write(file, id).expect("there is room");
    }
    let request = compiler::compile(dir.path(), &names).expect("the schema is right");
    match Bindings::new(request).modules() {
        Err(Error::Unsupported { node, what, .. }) => {
            assert_eq!(
                (node.as_str(), what),
                ("b/test.capnp", Unsupported::SameName)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_type_by_a_name_that_the_bindings_need_is_refused() {
    assert_unsupported(
        "struct Option {}",
        "test.capnp:Option",
        Unsupported::TakenName,
    );
}

#[test]
fn a_type_of_a_file_without_bindings_is_refused() {
    let schema = r#"using Stream = import "/capnp/stream.capnp";
        struct A { a @0 :Stream.StreamResult; }"#;
    match bind(schema, |bindings| bindings) {
        Err(Error::Foreign { node, file, .. }) => {
            assert_eq!(
                (node.as_str(), file.as_str()),
                ("StreamResult", "/capnp/stream.capnp")
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_option_for_what_the_schema_does_not_have_is_refused() {
    let schema = "interface B {} struct A { b @0 :B; c @1 :Text; }";
    assert!(bind(schema, |bindings| bindings.optional("A.b")).is_ok());
    for (error, text) in [
        (
            bind(schema, |bindings| bindings.optional("A.c")),
            "`A.c` which could be optional",
        ),
        (
            bind(schema, |bindings| bindings.required("B.b")),
            "`B.b` which could be required",
        ),
        (
            bind(schema, |bindings| bindings.boxed("A.b")),
            "`A.b` which could be boxed",
        ),
    ] {
        let error = error.expect_err("it is refused");
        assert_eq!(error.to_string(), format!("the schema has no {text}"));
    }
}

#[test]
fn an_option_that_is_no_path_is_refused() {
    let error = bind("", |bindings| bindings.runtime("not a path")).expect_err("it is refused");
    assert_eq!(error.to_string(), "`not a path` is no path of Rust");
}

#[test]
fn bytes_that_are_no_compiled_schema_are_refused() {
    let error = Bindings::new("no schema")
        .modules()
        .expect_err("it is refused");
    assert!(matches!(error, Error::Request(_)), "{error:?}");
}

#[test]
fn a_schema_with_a_fault_is_not_compiled() {
    let dir = tempfile::tempdir().expect("there is room");
    std::fs::write(dir.path().join("test.capnp"), "struct").expect("there is room");
    assert!(compiler::compile(dir.path(), &["test.capnp"]).is_err());
    assert!(compiler::compile(dir.path(), &["missing.capnp"]).is_err());
}
