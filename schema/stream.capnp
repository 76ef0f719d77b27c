@0xa2ec0847e8d30ac8;
# Bytes of unknown length, with flow control.

using Cxx = import "/capnp/c++.capnp";
using Error = import "error.capnp";
$Cxx.namespace("otto");

interface ByteStream @0x9a779e33f94cc97e {
  # Takes bytes. The sender holds this capability, the receiver serves it.
  #
  # A stream that is dropped without `done` is aborted: the receiver keeps nothing of it.

  write @0 (chunk :Data) -> stream;
  # Called by the sender for each part of the data, in order. A chunk holds at most
  # `Limits.streamChunkBytes` bytes, and 256 KiB is advised; an empty chunk is allowed and changes
  # nothing. A sender whose library has no flow control of its own keeps at most 1 MiB of chunks
  # unanswered.
  #
  # A failure is not reported here: the receiver remembers its first one, discards what follows,
  # and reports it at `done`. A chunk that comes after `done` or `abort` is a failure as well, and
  # changes nothing.

  done @1 () -> (size :UInt64, error :Error.Error);
  # Called once by the sender, after its last `write`. The answer means that everything has been
  # received and kept. `size` is the number of bytes received, which the sender compares with what
  # it sent. A second call answers an error of kind `closed`.

  abort @2 (reason :Error.Error) -> (error :Error.Error);
  # Called by the sender in the place of `done`, when it cannot go on. The receiver keeps nothing.
  # After `done` it answers an error of kind `closed`, and changes nothing.
}
