@0x9f5d0b7c1c0a100c;
# Capabilities in structs, in lists, in params and in results.

interface Lamp @0xc0ffee000000c001 {
  switch @0 (on :Bool) -> ();
}

struct Room @0xc0ffee000000c002 {
  ceiling @0 :Lamp;
  # Never null.

  desk @1 :Lamp;
  # Null if there is none.

  others @2 :List(Lamp);
}

struct House @0xc0ffee000000c003 {
  # It cannot be compared either.

  rooms @0 :List(Room);

  garage :union {
    none @1 :Void;
    room @2 :Room;
  }
}

interface Electrician @0xc0ffee000000c004 {
  wire @0 (house :House, spare :Lamp) -> (main :Lamp, reserve :Lamp);
}
