@0xb7a1c3d2e4f50001;
# The interface of a plugin of the type `greeter`.

using Error = import "/otto/error.capnp";

interface Greeter @0xb7a1c3d2e4f50002 {
  # Served by the plugin, called by the host.

  greet @0 (name :Text, style :Style) -> (greeting :Text, error :Error.Error);
  # Called to greet one person. Nobody without a name is greeted: that is an error of kind
  # `invalid`.

  greetAll @1 (names :List(Text), audience :Audience) -> (count :UInt32, error :Error.Error);
  # Called to greet several in front of an audience, which hears each greeting before the call ends.

  guestBook @2 () -> (book :GuestBook, error :Error.Error);
  # Called to open a guest book.

  translate @3 (phrase :Phrase) -> (phrase :Phrase, error :Error.Error);
  # Called to say something in another way.

  retire @4 () -> ();
  # Called at the end.
}

enum Style @0xb7a1c3d2e4f50003 {
  # How a person is greeted.

  plain @0;

  warm @1;
  # With joy.
}

interface Audience @0xb7a1c3d2e4f50004 {
  # Served by the host, called by the plugin.

  hear @0 (greeting :Text) -> (error :Error.Error);
  # Called for each greeting.
}

interface GuestBook @0xb7a1c3d2e4f50005 {
  # Served by the plugin. Dropping it without `close` throws the book away.

  sign @0 (name :Text) -> stream;
  # Called for each guest, in order.

  close @1 () -> (names :List(Text), error :Error.Error);
  # Called once, after the last guest, for the names of all of them.
}

struct Phrase @0xb7a1c3d2e4f50006 {
  # Something that is said, which may hold what somebody else said.

  union {
    word @0 :Text;

    sentence @1 :List(Phrase);
    # Its parts, in order.

    quote :group {
      # What somebody else said.

      by @2 :Text;
      what @3 :Phrase;
    }
  }
}
