@0x94ed1d052a2526bc;
# The Appfile, as a plugin sees it: what the user says of an application, and free-form
# configuration.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("otto");

struct Appfile @0x95304012fe82f307 {
  # What the user says of an application and of where it runs. The host reads it from a file, or
  # makes it up where there is none.

  id @0 :Text;
  # The identity of the application: a UUID that stays the same for ever. Empty before the first
  # compile.

  path @1 :Text;
  # The absolute path of the Appfile, or the one it would have if there is no such file. Its
  # directory is the application's.

  source @2 :Text;
  # For a dependency, where it was taken from, as its dependent names it. Empty for the root.

  application @3 :Application;

  project :union {
    none @4 :Void;
    # Nothing is said of a project.

    value @5 :Project;
  }

  infrastructure @6 :List(Infrastructure);
  # Where the application can run. The name of each is unique.

  customization @7 :List(Customization);
  # Settings for plugins, in the order of the file. Several may have the same type.

  imports @8 :List(Import);
  # What the file imports, in order. The host has merged them already.
}

struct Application @0xfb1a305249bfda48 {
  # The application itself. In the result of `App.implicit`, a field that is left at its default
  # leaves the user's setting as it is.

  name @0 :Text;

  type @1 :Text;
  # The kind of application, such as `ruby`: the first part of a tuple.

  detect @2 :Bool;
  # Whether the host found the type by looking at the files.

  dependencies @3 :List(Dependency);
  # What the application needs beside it while it runs, in order.
}

struct Dependency @0x944f5e04ea760764 {
  # Another application that this one needs.

  source @0 :Text;
  # Where it comes from: a path, absolute or relative to the directory of the Appfile, or a name
  # that the host knows.
}

struct Project @0xc678c3424469a98d {
  # What several applications have in common.

  name @0 :Text;

  infrastructure @1 :Text;
  # The name of the infrastructure to use, one of `Appfile.infrastructure`.
}

struct Infrastructure @0xb9f1c285d9a5b9a1 {
  # A place where applications run.

  name @0 :Text;

  type @1 :Text;
  # Such as `local`: the second part of a tuple.

  flavor @2 :Text;
  # Such as `simple`: the third part of a tuple.

  foundations @3 :List(Foundation);
  # Services that the infrastructure provides to all applications, in the order of their set-up.
}

struct Foundation @0xf127f18ba81e8b14 {
  # A service that an infrastructure provides.

  name @0 :Text;

  config @1 :List(Member);
  # Its free-form configuration. See `Member` for the order and the uniqueness of keys.
}

struct Customization @0xdc9813520c77173d {
  # Settings for a plugin.

  type @0 :Text;
  # Whom they are for, in lower case: `app`, `infra`, or the name of a service.

  config @1 :List(Member);
  # The settings.
}

struct Import @0xa2a610357adfb94e {
  # Another Appfile that this one takes in.

  source @0 :Text;
  # Where it was taken from: a path, absolute or relative to the directory of the Appfile.
}

struct Value @0xec29c927d043f723 {
  # A value of free-form configuration. Values nest at most `Limits.valueDepth` deep: a value that
  # holds no other has depth 1.

  union {
    null @0 :Void;
    # No value: not the same as an absent member.

    bool @1 :Bool;

    int @2 :Int64;
    # A whole number, exact. One that does not fit is an error where it is read, never a float.

    float @3 :Float64;
    # Every float that IEEE 754 has, negative zero, infinities and NaN included.

    text @4 :Text;

    data @5 :Data;

    list @6 :List(Value);

    object @7 :List(Member);
    # See `Member` for the order and the uniqueness of keys.
  }
}

struct Member @0xd567b6b223a7ed23 {
  # A named value. Wherever members stand in a list, a key stands there once, and the sender sorts
  # the members by the bytes of their keys. A receiver answers a key that stands there twice with
  # an error of kind `invalid`.

  key @0 :Text;
  # Any text, the empty one included.

  value @1 :Value;
}
