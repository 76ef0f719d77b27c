@0xb7a1c3d2e4f50201;
# An interface as an older peer knows it. See `newer.capnp`.

enum Color @0xb7a1c3d2e4f50202 {
  red @0;
}

struct Shape @0xb7a1c3d2e4f50203 {
  union {
    point @0 :Void;
    label @1 :Text;
  }

  color @2 :Color;
  tags @3 :List(Tag);
}

struct Tag @0xb7a1c3d2e4f50206 {
  key @0 :Text;
  value @1 :Text;
}

struct Answer @0xb7a1c3d2e4f50204 {
  shape :union {
    none @0 :Void;
    value @1 :Shape;
  }
}

interface Painter @0xb7a1c3d2e4f50205 {
  paint @0 (shape :Shape) -> (answer :Answer);
}
