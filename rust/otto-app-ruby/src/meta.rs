//! How an application is recognised.

/// The file in which Rails defines the application.
pub(crate) const RAILS_FILE: &str = "config/application.rb";

/// How it defines it, in the syntax that RE2 shares.
pub(crate) const RAILS_PATTERN: &str =
    r"(?m)^[ \t]*class[ \t]+[A-Z][A-Za-z0-9_:]*[ \t]*<[ \t]*(::)?Rails::Application\b";

/// The files by which a Ruby application is recognised.
pub(crate) const RUBY_FILES: [&str; 4] = ["Gemfile", "gems.rb", "config.ru", "*.rb"];
