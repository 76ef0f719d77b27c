@0xd83e5a9c0b7f1642;
# The first call between a host and a plugin, and what comes of it. Frozen: nothing here ever
# changes its meaning.

using App = import "app.capnp";
using Cxx = import "/capnp/c++.capnp";
using Error = import "error.capnp";
using Host = import "host.capnp";
$Cxx.namespace("otto");

interface Plugin @0xae61c7d25f0b3984 {
  # The bootstrap capability of a plugin.

  connect @0 (host :HostInfo, log :Host.Log)
      -> (info :PluginInfo, session :Session, error :Error.Error);
  # Called once by the host, before anything else. If there is no common version, it answers an
  # error of kind `incompatible`, with the plugin's own versions in it. A second call answers an
  # error of kind `alreadyConnected`. `log` is never null.
}

interface Session @0xf25d8b3e6a9041c7 {
  # What a host has of a connected plugin. There is one in a plugin process. Dropping it ends
  # nothing: `shutDown` and the end of the connection do.

  app @0 () -> (app :App.App, error :Error.Error);
  # Called once by the host of a plugin of the type `app`. A plugin of another type answers an error
  # of kind `unsupported`.

  ping @1 () -> ();
  # Called at any time. It answers at once, whatever else the plugin is doing. A host that gets no
  # answer reports that, and ends nothing for it alone.

  shutDown @2 () -> ();
  # Called by the host when it needs the plugin no more. The plugin cancels the calls that are
  # running, answers this one, and exits with status 0 within 5 s. A second call answers as the
  # first.
}

struct HostInfo @0x9b04f7e8c2d1653a {
  # What a host says of itself.

  name @0 :Text;
  # Such as `otto`.

  version @1 :Text;
  # The host's own version, for people.

  protocols @2 :List(UInt16);
  # The versions of the protocol that the host speaks, all of them, in any order.

  features @3 :List(Text);
  # The names of the optional parts that the host offers. Unknown ones are to be ignored.

  limits @4 :Limits;
  # What the host accepts.

  cancelGraceMaxMs @5 :UInt32 = 5000;
  # The longest that the host waits between asking a call to stop and stopping it, in milliseconds.
}

struct PluginInfo @0xc7e2930d5ba8f146 {
  # What a plugin says of itself.

  type @0 :Text;
  # The TYPE of `otto-TYPE-NAME`.

  name @1 :Text;
  # The NAME of `otto-TYPE-NAME`.

  version @2 :Text;
  # The plugin's own version, for people. Empty if it has none.

  library @3 :Text;
  # The library that the plugin is written with. Empty if it uses none.

  libraryVersion @4 :Text;
  # The version of that library.

  protocols @5 :List(UInt16);
  # The versions of the protocol that the plugin speaks, all of them, in any order.

  protocol @6 :UInt16;
  # The one that is spoken from here on: the highest that both sides have.

  features @7 :List(Text);
  # The names of the optional parts that the plugin offers. Unknown ones are to be ignored.

  limits @8 :Limits;
  # What the plugin accepts.

  cancelGraceMs @9 :UInt32 = 5000;
  # How long the plugin wants between being asked to stop a call and being made to, in milliseconds.
  # The host grants it up to its own `HostInfo.cancelGraceMaxMs`.
}

struct Limits @0x8d96a1f4e3b7520c {
  # What one side accepts. The other one checks before it sends.

  messageBytes @0 :UInt32 = 16777216;
  # The size of one message, in bytes.

  segments @1 :UInt16 = 256;
  # The number of segments of one message.

  valueDepth @2 :UInt8 = 16;
  # How deep a `Value` may nest.

  streamChunkBytes @3 :UInt32 = 1048576;
  # The size of one chunk of a stream, in bytes.

  callsInFlight @4 :UInt16 = 64;
  # How many calls may be unanswered at once. A sender that has more waits. Calls through
  # capabilities that came with a call's parameters are counted apart, up to the same number. Those
  # of `Session` and `Cancellation` are not counted.
}
