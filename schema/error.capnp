@0xa386fb9c71e3983a;
# What went wrong, as data.
#
# An application's error travels in the result of a call, in a field named `error`, whole and
# without a prefix. A Cap'n Proto exception is something else: a fault, which is a bug, a crash, a
# lost connection, or a method that the other side does not have.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("otto");

struct Error @0x9f4b441caddbb06d {
  # Why a method did not do what it was asked to do.
  #
  # In a result, a null pointer means that the call succeeded. If it is not null, the other fields
  # of the result are to be ignored, whatever they hold.

  kind @0 :ErrorKind;
  # What the caller can do about it. A number that the reader does not know reads as `unspecified`.

  message @1 :Text;
  # One sentence about what happened, for a person: complete without `causes`, without a prefix
  # such as "error:", and without a stack trace.

  help @2 :Text;
  # What the person can do next. Empty if there is nothing to add.

  causes @3 :List(Error);
  # What this error follows from, the nearest first. Empty if it stands alone. Errors nest at most
  # 16 deep, this one counted.

  location :union {
    # Where in the user's files the error lies.

    none @4 :Void;
    # It lies in no file.

    at @5 :Location;
  }

  supported @6 :List(UInt16);
  # With the kind `incompatible`: the protocol versions that the answering side speaks, in any
  # order. Empty with every other kind.
}

struct Location @0xbe6c50e05b5a6ed3 {
  # A place in a file of the user's.

  file @0 :Text;
  # The path of the file, absolute, or relative to the directory of the Appfile.

  line @1 :UInt32;
  # The number of the line, counted from 1. 0 means the file as a whole.
}

enum ErrorKind @0xc79cfc92b9d5ccb6 {
  # What the caller of a failed call can do about it.

  unspecified @0;
  # Nothing more precise is known. Show it to the person.

  aborted @1;
  # A person refused, or ended a prompt without an answer. Do not ask again.

  alreadyConnected @2;
  # `Plugin.connect` was called a second time. Use the session of the first call.

  cancelled @3;
  # The call stopped because its caller wanted it to.

  closed @4;
  # The stream or the task has already ended. Nothing was changed.

  conflict @5;
  # The record is not what the caller expected it to be. Read it again, and decide anew.

  denied @6;
  # The caller may not have this. Asking again does not help.

  incompatible @7;
  # The two sides have no protocol version in common. `supported` lists the answering side's.

  invalid @8;
  # What the caller sent makes no sense, or the user's files do not. Correct it, and call again.

  limitExceeded @9;
  # A limit would be passed. The message names the limit, its value, and the value that came.

  revoked @10;
  # The capability was lent for a call which is over. Use the ones of a call that is running.

  unavailable @11;
  # Something outside of both sides is missing, such as a program or a service. `help` says how to
  # provide it.

  unsupported @12;
  # The callee does not do this, and will not do it if asked again.
}
