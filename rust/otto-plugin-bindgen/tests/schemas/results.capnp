@0x9f5d0b7c1c0a100a;
# Results with an error in them.

using Error = import "/otto/error.capnp";

interface Clerk @0xc0ffee000000a001 {
  # Does what it is told, or says why not.

  stamp @0 (paper :Text) -> (error :Error.Error);
  # Answers nothing but an error.

  count @1 () -> (papers :UInt32, error :Error.Error);
  # Answers one thing.

  file @2 (paper :Text) -> (folder :Text, page :UInt32, error :Error.Error);
  # Answers several things.

  find @3 (paper :Text) -> FindResults;
  # Answers a struct with an error in it.

  weigh @4 (paper :Text) -> (error :Error.Error, weight :UInt32);
  # It has to be implemented.
}

struct FindResults @0xc0ffee000000a002 {
  # The answer of `Clerk.find`.

  folder :union {
    none @0 :Void;
    # It is in none.

    name @1 :Text;
    # Where it is.
  }

  error @2 :Error.Error;
}
