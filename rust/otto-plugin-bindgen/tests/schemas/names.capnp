@0x9f5d0b7c1c0a100e;
# Names that Rust has another use for, or writes in another way.

struct Outer @0xc0ffee000000e001 {
  type @0 :Text;
  self @1 :Text;
  userID @2 :Text;
  httpURLPath @3 :Text;

  inner @4 :Inner;

  struct Inner @0xc0ffee000000e002 {
    # Nested in a struct.

    kind @0 :Kind;

    enum Kind @0xc0ffee000000e003 {
      type @0;
      crate @1;
    }
  }
}
