//! Gemfiles in the shapes in which people write them.

use super::{Gemfile, RubySays, read};
use crate::problem::{Problem, Reason};

fn gemfile(text: &str) -> Gemfile {
    read(text, "Gemfile").unwrap_or_else(|problem| panic!("{problem:?}\n{text}"))
}

/// The names of the gems, a question mark after those that are conditional.
fn gems(text: &str) -> Vec<String> {
    let name = |gem: super::Gem| format!("{}{}", gem.name, if gem.conditional { "?" } else { "" });
    gemfile(text).gems.into_iter().map(name).collect()
}

fn ruby(text: &str) -> RubySays {
    gemfile(text).ruby.expect("a call of `ruby`").says
}

fn requirements(texts: &[&str]) -> RubySays {
    RubySays::Requirements(texts.iter().map(|&text| text.to_owned()).collect())
}

fn problem(text: &str) -> Problem {
    match read(text, "Gemfile") {
        Err(problem) => problem,
        Ok(gemfile) => panic!("{gemfile:?}\n{text}"),
    }
}

fn problem_line(text: &str) -> u32 {
    let problem = problem(text);
    assert!(!problem.help.is_empty());
    assert_eq!(problem.place.as_ref().unwrap().file, "Gemfile");
    problem.place.unwrap().line
}

#[test]
fn a_generated_gemfile_of_rails() {
    let text = r#"source "https://rubygems.org"
git_source(:github) { |repo| "https://github.com/#{repo}.git" }

ruby "3.3.6"

# Bundle edge Rails instead: gem "rails", github: "rails/rails", branch: "main"
gem "rails", "~> 7.2.2"
gem "sprockets-rails" # [https://github.com/rails/sprockets-rails]
gem "pg", "~> 1.1"
gem "puma", ">= 5.0"
gem "tzinfo-data", platforms: %i[ windows jruby ]
gem "bootsnap", require: false
gem 'devise', '>= 4.9', '< 5'

group :development, :test do
  gem "debug", platforms: %i[ mri windows ], require: "debug/prelude"
  gem "brakeman", require: false
end

group :test, optional: true do
  gem "capybara"
end
"#;
    let read = gemfile(text);
    assert_eq!(
        gems(text),
        [
            "rails",
            "sprockets-rails",
            "pg",
            "puma",
            "tzinfo-data?",
            "bootsnap",
            "devise",
            "debug?",
            "brakeman",
            "capybara",
        ]
    );
    assert_eq!(read.ruby.unwrap().place.line, 4);
    assert_eq!(read.gems[2].place.line, 9);
    assert!(!read.needs_sources);
    assert!(!read.needs_git);
}

#[test]
fn ruby_is_read_in_all_its_forms() {
    assert_eq!(ruby("ruby '3.3.6'"), requirements(&["3.3.6"]));
    assert_eq!(ruby("ruby(\"3.3.6\")"), requirements(&["3.3.6"]));
    assert_eq!(
        ruby("ruby '>= 3.1', '< 3.5'"),
        requirements(&[">= 3.1", "< 3.5"])
    );
    assert_eq!(
        ruby("ruby ['>= 3.1',\n '< 3.5']"),
        requirements(&[">= 3.1", "< 3.5"])
    );
    assert_eq!(ruby("ruby %q(3.3.6)"), requirements(&["3.3.6"]));
    assert_eq!(
        ruby("ruby \"3.1.4\", patchlevel: \"223\""),
        requirements(&["3.1.4"])
    );
    assert_eq!(
        ruby("ruby '3.1.4', :engine => 'ruby'"),
        requirements(&["3.1.4"])
    );
    assert_eq!(
        ruby("ruby '3.1.4', :engine => 'jruby', :engine_version => '9.4.8.0'"),
        RubySays::Engine("jruby".to_owned())
    );
    assert_eq!(ruby("ruby '3.2.0'\nruby '3.3.0'"), requirements(&["3.3.0"]));
    assert_eq!(
        ruby("\truby '3.3.6'   # ours\r\n"),
        requirements(&["3.3.6"])
    );
}

#[test]
fn ruby_from_a_file_names_the_file() {
    for text in [
        "ruby file: '.ruby-version'",
        "ruby :file => \".ruby-version\"",
        "ruby(file: '.ruby-version')",
        "ruby File.read('.ruby-version')",
        "ruby File.read(\".ruby-version\").strip",
        "ruby File.read('.ruby-version', chomp: true)",
        "ruby File.read(File.expand_path('.ruby-version', __dir__)).chomp",
        "ruby File.read(File.join(File.dirname(__FILE__), '.ruby-version')).strip",
    ] {
        assert_eq!(
            ruby(text),
            RubySays::File(".ruby-version".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn a_computed_ruby_is_known_to_be_computed() {
    for text in [
        "ruby ENV['RUBY_VERSION']",
        "ruby ENV.fetch('RUBY_VERSION', '3.3.6')",
        "ruby ENV['X'] || '3.3.6'",
        "ruby \"3.#{minor}\"",
        "ruby '3.' + '3'",
        "ruby VERSION",
        "ruby",
        "ruby '3.3.6' if ENV['CI']",
        "ruby '3.3.6' unless ENV['CI']",
        "if ENV['CI']\n  ruby '3.3.6'\nelse\n  ruby '3.2.0'\nend",
        "ruby File.read('.ruby-version').split('-').last",
        "ruby file: name",
    ] {
        assert_eq!(ruby(text), RubySays::Computed, "{text}");
    }
    assert_eq!(gemfile("ruby = '3.3.6'").ruby, None);
}

#[test]
fn blocks_are_followed_whatever_their_form() {
    assert_eq!(gems("group :test do gem 'a' end\ngem 'b'"), ["a", "b"]);
    assert_eq!(gems("group(:test) { gem 'a' }\ngem 'b'"), ["a", "b"]);
    assert_eq!(gems("group(:test) {\n  gem 'a'\n  gem 'b'\n}"), ["a", "b"]);
    assert_eq!(
        gems("group :a do\n group :b do\n gem 'a'\n end\nend\ngem 'b'"),
        ["a", "b"]
    );
    assert_eq!(
        gems("source 'https://gems.example' do\n  gem 'a'\nend\ngem 'b', source: 'x'"),
        ["a", "b"]
    );
    assert_eq!(gems("path 'engines' do\n  gem 'a'\nend"), ["a"]);
    assert_eq!(gems("git 'x.git', tag: 'v1' do\n  gem 'a'\nend"), ["a"]);
    assert_eq!(gems("platforms :ruby, :mingw do\n  gem 'a'\nend"), ["a?"]);
    assert_eq!(
        gems("install_if -> { RUBY_PLATFORM =~ /darwin/ } do\n  gem 'a'\nend\ngem 'b'"),
        ["a?", "b"]
    );
    assert_eq!(
        gems("install_if ->(x) { true } do gem 'a' end\ngem 'b', install_if: -> { true }"),
        ["a?", "b?"]
    );
    assert_eq!(gems("without_meaning do\n  gem 'a'\nend"), ["a?"]);
}

#[test]
fn conditions_are_followed_and_not_evaluated() {
    assert_eq!(gems("gem 'a' if ENV['A']\ngem 'b'"), ["a?", "b"]);
    assert_eq!(gems("gem('a') unless x?\ngem 'b'"), ["a?", "b"]);
    assert_eq!(
        gems("if x\n gem 'a'\nelsif y == 'z'\n gem 'b'\nelse\n gem 'c'\nend\ngem 'd'"),
        ["a?", "b?", "c?", "d"]
    );
    assert_eq!(
        gems("if x then gem 'a' else gem 'b' end\ngem 'c'"),
        ["a?", "b?", "c"]
    );
    assert_eq!(gems("unless x; gem 'a'; end; gem 'b'"), ["a?", "b"]);
    assert_eq!(
        gems("case ENV['DB']\nwhen 'mysql', 'maria'\n gem 'mysql2'\nelse\n gem 'pg'\nend"),
        ["mysql2?", "pg?"]
    );
    assert_eq!(
        gems("group :x do\n gem 'a'\nend if y\ngem 'b'"),
        ["a?", "b"]
    );
    assert_eq!(
        gems("while x do\n gem 'a'\nend\nfor y in z do\n gem 'b'\nend\ngem 'c'"),
        ["a?", "b?", "c"]
    );
    assert_eq!(
        gems("begin\n gem 'a'\nrescue LoadError => e\n gem 'b'\nensure\n x\nend"),
        ["a", "b"]
    );
}

#[test]
fn expressions_that_contain_blocks_are_skipped_whole() {
    let text = r##"
database = if File.exist?("config/database.yml")
  YAML.load(ERB.new(File.read("config/database.yml")).result)
else
  case ENV["DB"] when "x" then {} else { "a" => 1 } end
end
rails = begin Integer(ENV["RAILS"]) rescue 7 end
%w[rspec-core rspec-mocks].each do |lib|
  branch = ENV.fetch("BRANCH") { "main" }
  gem lib, git: "https://example/#{lib}.git", branch: branch
end
[1, 2].map { |n| if n > 1 then n else 0 end }.each { |x| puts "#{x ? "}" : '{'}" }
def local(name, required = true)
  return gem(name) if required
  path = File.expand_path(name, __dir__)
  yield path if block_given?
end
def short(a) = a + 1
def self.version() end
private def empty; end
class Helper < Struct.new(:a)
  class << self
    def call(*args, **options, &block) block.call end
  end
end
while false do break end
x = y ? :a : "b"
z = y ? 1: 2
loop do break if x end
gem "last"
"##;
    assert_eq!(gems(text), ["last"]);
    assert!(gemfile(text).needs_sources);
    assert!(gemfile("group :x do\n  gem 'a', git: 'x'\nend").needs_git);
}

#[test]
fn calls_may_span_lines() {
    assert_eq!(
        gems("gem 'a',\n  '~> 1.0', # why\n\n  require: false\ngem 'b'"),
        ["a", "b"]
    );
    assert_eq!(gems("gem(\n  'a',\n  '~> 1.0',\n)\ngem 'b'"), ["a", "b"]);
    assert_eq!(gems("gem 'a', \\\n  '~> 1.0'\ngem 'b'"), ["a", "b"]);
    assert_eq!(
        gems("gem 'a', groups: [\n  :x,\n  :y\n]\ngem 'b'"),
        ["a", "b"]
    );
    assert_eq!(
        gems("gem 'a', {\n  git: 'x',\n  ref: 'y'\n}\ngem 'b'"),
        ["a", "b"]
    );
    assert_eq!(
        gems("x = list\n  .map { |y| y }\n  # still\n  &.first\ngem 'b'"),
        ["b"]
    );
    assert!(gemfile("gem 'a', {\n  :path => 'x'\n}").needs_sources);
}

#[test]
fn what_looks_like_code_in_strings_and_comments_is_not() {
    let text = "=begin\ngem 'no'\n=end\n\
        text = <<~TEXT + <<-'OTHER'\n  gem 'no'\n  end\n  TEXT\n gem 'no'\n OTHER\n\
        puts 'it''s', %q(a (nested) end), %[x], %w(do end if), \"a \\\" # \" # end\n\
        x = a / b / c; y = /do [\"'] end/i; z = ?\" ; w = `do`\n\
        puts /x y/, a % b, a %b\n\
        gem 'yes'\n\
        __END__\ngem 'no' do (";
    assert_eq!(gems(text), ["yes"]);
}

#[test]
fn other_gemfiles_are_named() {
    let text =
        "eval_gemfile 'a'\neval_gemfile(\"b\") if x\neval_gemfile File.join(x, 'c')\ngemspec";
    let read = gemfile(text);
    let named: Vec<_> = read
        .evaluated
        .iter()
        .map(|evaluated| (evaluated.path.as_str(), evaluated.conditional))
        .collect();
    assert_eq!(named, [("a", false), ("b", true)]);
    assert!(read.needs_sources);
    assert!(gemfile("gemspec name: 'x'").needs_sources);
}

#[test]
fn an_unclosed_quote_is_an_error_in_its_line() {
    assert_eq!(problem_line("gem 'a'\ngem 'b\ngem 'c'\n"), 2);
    assert_eq!(problem_line("gem 'a'\ngem \"b, \"~> 1\"\ngem \"c\"\n"), 2);
    assert_eq!(problem_line("gem 'a'\n\ngem 'b"), 3);
    assert_eq!(problem_line("x = <<~TEXT\n  y\n"), 1);
    assert_eq!(problem_line("x = <<~TEXT"), 1);
    assert_eq!(problem_line("x\n=begin\ny\n"), 2);
    assert_eq!(problem_line("x = \"a\n#{b"), 1);
    assert_eq!(problem_line("x = %w[a\nb"), 1);
}

#[test]
fn blocks_that_do_not_balance_are_an_error_in_their_line() {
    assert_eq!(problem_line("gem 'a'\ngroup :x do\n  gem 'b'\n"), 2);
    assert_eq!(problem_line("gem 'a'\nend\n"), 2);
    assert_eq!(problem_line("if x\n gem 'a'\n"), 1);
    assert_eq!(problem_line("\ngem('a'\n"), 2);
    assert_eq!(problem_line("gem 'a')\n"), 1);
    assert_eq!(problem_line("x = [1, 2\ngem 'a'\n"), 1);
    assert_eq!(problem_line("x = (1]\n"), 1);
    assert_eq!(problem_line("group(:x) {\n gem 'a'\nend\n"), 3);
    assert_eq!(problem_line("gem 'a'\nelse\n"), 2);
}

#[test]
fn a_missing_comma_is_an_error() {
    assert_eq!(problem_line("\ngem 'a' '~> 1.0'"), 2);
    assert_eq!(problem_line("gem ''"), 1);
}

#[test]
fn a_merge_conflict_is_an_error() {
    let text = "gem 'a'\n<<<<<<< HEAD\ngem 'b'\n=======\ngem 'c'\n>>>>>>> other\n";
    assert_eq!(problem_line(text), 2);
}

#[test]
fn nesting_is_bounded() {
    for (open, times) in [
        ("[", 100_000),
        ("x do\n", 100_000),
        ("\"#{", 100_000),
        ("x({", 50_000),
    ] {
        let problem = problem(&open.repeat(times));
        assert_eq!(problem.reason, Reason::LimitExceeded, "{open}");
    }
}

#[test]
fn long_files_take_no_more_than_their_share() {
    for piece in [
        "\n",
        "#\n",
        "a;",
        "x\n.y\n",
        "%w[a] ",
        "'a'\n",
        "gem 'a' if b\n",
        "?",
        "a if ",
    ] {
        let text = piece.repeat((1 << 18) / piece.len());
        // Whether it makes sense does not matter.
        let _ = read(&text, "Gemfile");
    }
    let text = format!(
        "group :x do\n{}end{}",
        "gem 'a'\n".repeat(15_000),
        " if x".repeat(15_000)
    );
    assert_eq!(gemfile(&text).gems.len(), 15_000);
}

#[test]
fn no_input_is_too_broken_to_be_refused() {
    const SEEDS: [&str; 3] = [
        "source 'x'\nruby '~> 3.3'\ngem \"a\", '>= 1', path: \"x/#{y}\" if z\n",
        "group :a, :b do\n  gem 'x', { git: 'y' }\nend\nx = <<~T\n a\nT\n%w[a b].each { |z| gem z }\n",
        "if a then gem(\"b\") else c end\nruby File.read('.ruby-version').strip\n# é\n=begin\n=end\n",
    ];
    const PIECES: [&str; 24] = [
        "'", "\"", "#{", "}", "{", "(", ")", "[", "]", "do", " end ", "\n", " if ", "<<~X", "%w[",
        "/", "?", "|", "=begin\n", "é", "\\", ":", "->", "\u{0}",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        // xorshift64: the same inputs every time.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for round in 0..30_000 {
        let mut bytes = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..=random(6) {
            let at = random(bytes.len() + 1);
            match random(4) {
                0 => bytes.truncate(at),
                1 => {
                    let piece = PIECES[random(PIECES.len())];
                    bytes.splice(at..at, piece.bytes());
                }
                2 if at < bytes.len() => {
                    bytes[at] = random(256) as u8;
                }
                _ => {
                    let end = (at + random(8)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
        if let Ok(text) = crate::source::text("Gemfile", bytes) {
            let _ = read(&text, "Gemfile");
        }
    }
}
