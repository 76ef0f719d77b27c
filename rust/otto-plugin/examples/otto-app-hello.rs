//! The smallest plugin.

use otto_plugin::bindings::app::{App, Meta, Tuple};
use otto_plugin::bindings::error::Error;

struct Hello;

impl App for Hello {
    async fn meta(&self) -> Result<Meta, Error> {
        let any = Tuple {
            app: "hello".into(),
            infra: "*".into(),
            flavor: "*".into(),
        };
        Ok(Meta {
            tuples: vec![any],
            ..Meta::default()
        })
    }
}

fn main() {
    otto_plugin::serve(Hello)
}
