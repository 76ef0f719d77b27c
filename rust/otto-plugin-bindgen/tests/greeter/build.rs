//! Makes the bindings of the schemas, out of their text: a build needs no `capnp` tool.

use std::error::Error;

use otto_plugin_bindgen::{Bindings, compiler};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=schema");
    println!("cargo::rerun-if-changed=../schemas");

    let greeter = compiler::compile("schema", &["greeter.capnp"])?;
    Bindings::new(greeter).build("crate::bindings")?;

    // What follows is no part of the plugin type: it tests the generator itself.
    let files = [
        "greeter/schema/echo.capnp",
        "schemas/capabilities.capnp",
        "schemas/comments.capnp",
        "schemas/enums.capnp",
        "schemas/groups.capnp",
        "schemas/imports.capnp",
        "schemas/interfaces.capnp",
        "schemas/lists.capnp",
        "schemas/maps.capnp",
        "schemas/names.capnp",
        "schemas/options.capnp",
        "schemas/recursion.capnp",
        "schemas/results.capnp",
        "schemas/scalars.capnp",
        "schemas/streams.capnp",
        "schemas/unions.capnp",
    ];
    Bindings::new(compiler::compile("..", &files)?)
        .boxed("Delivery.parcel")
        .optional("Room.desk")
        .required("Clerk.weigh")
        .build("crate::features")?;
    for name in ["older", "newer"] {
        let request = compiler::compile("schema", &[&format!("{name}.capnp")])?;
        Bindings::new(request).build(&format!("crate::{name}"))?;
    }
    Ok(())
}
