@0x9f5d0b7c1c0a1003;
# Unions: of a whole struct, of a part of one, and of a field.

using Enums = import "enums.capnp";

struct Shape @0xc0ffee0000003001 {
  # Nothing but a union.

  union {
    point @0 :Void;
    circle @1 :Float64;
    # The radius.

    color @2 :Enums.Color;
    label @3 :Text;
    corners @4 :List(Float64);
  }
}

struct Length @0xc0ffee0000003002 {
  # The first member has a payload and a default.

  union {
    meters @0 :Float64 = 1;
    other @1 :Text;
  }
}

struct Parcel @0xc0ffee0000003003 {
  # A field beside a union.

  weight @0 :UInt32;

  union {
    letter @1 :Void;
    box @2 :Shape;
  }
}

struct Delivery @0xc0ffee0000003004 {
  state :union {
    # How far it is.

    unknown @0 :Void;
    # Nobody can say.

    distance @1 :UInt32;

    late :group {
      days @2 :UInt32;
      reason @3 :Text;
    }
  }

  parcel @4 :Parcel;
  # Kept in a box, by an option.
}
