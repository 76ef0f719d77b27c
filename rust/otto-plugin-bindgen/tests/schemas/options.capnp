@0x9f5d0b7c1c0a1004;
# Unions of nothing and something.

struct Person @0xc0ffee0000004001 {
  nickname :union {
    # What friends say.

    none @0 :Void;
    # There are no friends.

    value @1 :Text;
    # The first one that they agreed on.
  }

  age :union {
    none @2 :Void;
    years @3 :UInt8;
  }

  friends :union {
    none @4 :Void;
    names @5 :List(Text);
  }

  home :union {
    none @6 :Void;
    place :group {
      street @7 :Text;
      number @8 :UInt16;
    }
  }

  either :union {
    # Not an `Option`: the first member is not called `none`.

    absent @9 :Void;
    value @10 :Text;
  }

  some :union {
    # Not an `Option` either: there are three.

    none @11 :Void;
    one @12 :Text;
    many @13 :List(Text);
  }
}
