//! `otto-app-ruby`, the plugin.

fn main() {
    otto_plugin::guest::Plugin::new(otto_app_ruby::Ruby)
        .version(env!("CARGO_PKG_VERSION"))
        .serve()
}
