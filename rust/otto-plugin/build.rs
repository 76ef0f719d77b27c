//! Makes the wire types out of the compiled schema, which is committed: no `capnp` tool is needed.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=schema.request");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let request = std::fs::read("schema.request").expect("schema.request is committed");
    capnpc::codegen::CodeGenerationCommand::new()
        .output_directory(&out)
        .default_parent_module(vec!["wire".into()])
        .run(&request[..])
        .expect("schema.request is a compiled schema");
}
