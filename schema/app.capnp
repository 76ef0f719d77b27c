@0xab5b2abec5d349bc;
# The interface of a plugin of the type `app`: everything that Otto knows about a kind of
# application.

using Appfile = import "appfile.capnp";
using Cxx = import "/capnp/c++.capnp";
using Error = import "error.capnp";
using Host = import "host.capnp";
$Cxx.namespace("otto");

interface App @0xa1ba6f9deeedd70d {
  # Served by the plugin, called by the host. Calls are concurrent.
  #
  # What a call works on is data (`Context`), and what it may do is handed to it (`Host`). A method
  # that a plugin does not do answers an error of kind `unsupported`.

  meta @0 () -> (meta :Meta, error :Error.Error);
  # Called after the start of a plugin. It has no side effect and calls nothing of the host's but
  # `Log`. It answers the same every time, so the host may keep the answer for as long as the
  # plugin's file stays the same.

  implicit @1 (context :Context, host :Host.Host) -> ImplicitResults;
  # Called after detection, for what follows from the sources: dependencies, settings, services.
  # Only `Context.appfile` is set.

  compile @2 (context :Context, host :Host.Host) -> (result :CompileResult, error :Error.Error);
  # Called to write configuration into `Context.dir`, which is empty and which no other method
  # writes to. The same input gives the same files.

  build @3 (context :Context, host :Host.Host) -> (error :Error.Error);
  # Called to make what can be deployed, and to record it in the directory. It has credentials.

  deploy @4 (context :Context, host :Host.Host) -> (error :Error.Error);
  # Called to deploy what was built, if `Context.action` is empty, or else for an action of the
  # plugin's own. It has credentials.

  dev @5 (context :Context, host :Host.Host) -> (error :Error.Error);
  # Called to bring the development environment up, if `Context.action` is empty, or else for an
  # action of the plugin's own.

  devDep @6 (destination :Context, source :Context, host :Host.Host) -> DevDepResults;
  # Called for each dependency of the application that is being developed: `source` is the
  # dependency, which is this plugin's, and `destination` the application.
}

struct ImplicitResults @0xa8dee1e20f2ac87e {
  # The answer of `App.implicit`.

  appfile :union {
    none @0 :Void;
    # Nothing follows from the sources.

    value @1 :Appfile.Appfile;
    # What the host merges into the user's Appfile. What the user wrote wins.
  }

  error @2 :Error.Error;
}

struct DevDepResults @0xb65180df02b345c1 {
  # The answer of `App.devDep`.

  devDep :union {
    none @0 :Void;
    # The dependency needs nothing: it is asked again the next time.

    value @1 :DevDep;
    # What it needs, even if that is no file: kept for as long as its files are there.
  }

  error @2 :Error.Error;
}

# ==================================================================================================
# What a plugin is for

struct Meta @0x90fd124ac1ff6f31 {
  # What a plugin is for, and how its applications are recognised.

  tuples @0 :List(Tuple);
  # At least one. The order does not matter.

  detectors @1 :List(Detector);
  # In the order in which they are to be tried, among those of the same priority.
}

struct Tuple @0xbb82f073d2901ace {
  # A kind of application on a kind of infrastructure. In `Meta`, `*` stands for anything.

  app @0 :Text;
  # The kind of application, such as `ruby`.

  infra @1 :Text;
  # The type of the infrastructure, such as `local`.

  flavor @2 :Text;
  # The flavor of the infrastructure, such as `simple`.
}

struct Detector @0xd973073432727d4b {
  # A way to recognise an application by its files. It matches if one of `file` matches, or one of
  # `contents`.

  type @0 :Text;
  # The kind of application it recognises, one of the plugin's own tuples.

  file @1 :List(Text);
  # Globs for the names of files in the directory of the application. `*`, `?` and `[…]` have their
  # usual meaning, and match no `/`.

  contents @2 :List(ContentPattern);

  priority @3 :Int32;
  # Higher ones are tried first, among the detectors of all plugins.
}

struct ContentPattern @0xdd1da3635d0f86b6 {
  # Matches a file by what is in it.

  file @0 :Text;
  # The path of the file, relative to the directory of the application, with `/` between its parts.

  pattern @1 :Text;
  # A regular expression that matches somewhere in the file, in the syntax that RE2 and Rust's regex
  # crate share. A file above 1 MiB is not looked into.
}

# ==================================================================================================
# What a call works on

struct Context @0xc0a4c5d2f0f5b3a1 {
  # What a call works on: plain data, which can be compared and printed. A path is absolute, and
  # UTF-8. A field that a call has no use for is at its default.

  action @0 :Text;
  # For `deploy` and `dev`: the action, or the empty text for the main one.

  actionArgs @1 :List(Text);
  # The arguments of the action, as the user gave them.

  dir @2 :Text;
  # Where `compile` writes, and where the calls that follow read.

  cacheDir @3 :Text;
  # A directory of this Appfile's, which survives compiles.

  globalCacheDir @4 :Text;
  # A directory shared by all runs, and by all applications.

  localDir @5 :Text;
  # A directory of this Appfile's, which is never cleared.

  globalDir @6 :Text;
  # A directory shared by all applications, which is never cleared.

  installDir @7 :Text;
  # Where helper programs may be put.

  tuple @8 :Tuple;
  # What is being worked on, without `*`.

  application @9 :Appfile.Application;
  # The application, complete.

  appfile @10 :Appfile.Appfile;
  # The Appfile, merged.

  compileResult :union {
    # What `compile` answered. Set in every call that follows it.

    none @11 :Void;

    value @12 :CompileResult;
  }

  devDepFragments @13 :List(Text);
  # Paths of what the compiles of the dependencies left for the root. Only in `compile` of the root.

  devIpAddress :union {
    # The address of the development environment. Only for the root.

    none @14 :Void;

    address @15 :Text;
    # IPv4 or IPv6, as text.
  }

  infraCreds @16 :List(Host.Pair);
  # Credentials for the infrastructure. Only in `build` and `deploy`. They go into no log, no file
  # outside of the directories above, no environment and no argument list.

  foundationDirs @17 :List(Text);
  # One directory for each foundation, in their order, with the folders `dev`, `dev-dep`, `build`
  # and `deploy` in it.
}

struct CompileResult @0x8f4b2e7d19c6a053 {
  # What a compile made, handed to every call that follows it.

  version @0 :UInt32;
  # The plugin's own number for the form of what it wrote. The calls that follow check it, and
  # answer an error of kind `invalid` that asks for a new compile.

  foundationConfig @1 :FoundationConfig;

  devDepFragmentPath :union {
    # What the root needs of this application, when it is a dependency.

    none @2 :Void;

    path @3 :Text;
    # The path of a file in `Context.dir`.
  }

  foundationResults @4 :List(FoundationResult);
  # Filled by the host. What a plugin puts there is ignored.
}

struct FoundationConfig @0xe3a90c5b7d142f68 {
  # What the foundations are told about an application.

  serviceName @0 :Text;
  # Empty if the application is no service.

  servicePort @1 :UInt16;
  # 0 if the application listens on none.

  serviceTags @2 :List(Text);
}

struct FoundationResult @0xb27f6d0841e9c35a {
  # What a foundation's compile answered.

  name @0 :Text;
  # The name of the foundation.

  version @1 :UInt32;
  # The foundation's own number for the form of what it wrote.

  dir @2 :Text;
  # Where it wrote.
}

struct DevDep @0x96c1e8f3a05d7b24 {
  # What an application needs when it is a dependency of the one that is being developed.

  files @0 :List(Text);
  # Paths relative to `Context.cacheDir` of `source`. Each is, links resolved, a regular file in
  # that directory.
}
