@0x9f5d0b7c1c0a1008;
# Groups: parts of a struct that have a name.

struct Letter @0xc0ffee0000008001 {
  sender :group {
    # Who wrote it.

    name @0 :Text;

    address :group {
      street @1 :Text;
      number @2 :UInt16 = 1;
    }
  }

  # A group of which nothing is said.
  stamp :group {
    cents @3 :UInt16;
  }
}
