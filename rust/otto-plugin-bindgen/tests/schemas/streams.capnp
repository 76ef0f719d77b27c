@0x9f5d0b7c1c0a100b;
# Methods without an answer of their own.

using Error = import "/otto/error.capnp";

interface Sink @0xc0ffee000000b001 {
  write @0 (chunk :Data) -> stream;
  # Called for each part.

  done @1 () -> (size :UInt64, error :Error.Error);
  # Called at the end.
}
