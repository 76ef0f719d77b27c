@0xb7a1c3d2e4f50301;
# The interface of `older.capnp`, by the same ids, with more members.

enum Color @0xb7a1c3d2e4f50202 {
  red @0;
  blue @1;
}

struct Shape @0xb7a1c3d2e4f50203 {
  union {
    point @0 :Void;
    label @1 :Text;
    radius @4 :UInt32;
  }

  color @2 :Color;
  tags @3 :List(Tag);
  note @5 :Text;
}

struct Tag @0xb7a1c3d2e4f50206 {
  key @0 :Text;
  value @1 :Text;
  note @2 :Text;
  # With this, a list of tags is no map.
}

struct Answer @0xb7a1c3d2e4f50204 {
  shape :union {
    none @0 :Void;
    value @1 :Shape;
    refused @2 :Void;
  }
}

interface Painter @0xb7a1c3d2e4f50205 {
  paint @0 (shape :Shape) -> (answer :Answer);
  erase @1 () -> ();
}
