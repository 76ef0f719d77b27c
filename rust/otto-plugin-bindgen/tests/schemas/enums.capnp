@0x9f5d0b7c1c0a1002;
# Enums, which may have numbers that the reader does not know.

enum Color @0xc0ffee0000002001 {
  # A color.

  red @0;
  # The default.

  deepBlue @1;
}

enum Answer @0xc0ffee0000002002 {
  # It has a member that is called as the variant for unknown numbers is elsewhere.

  unknown @0;
  yes @1;
}

struct Painted @0xc0ffee0000002003 {
  color @0 :Color;
  background @1 :Color = deepBlue;
  palette @2 :List(Color);
  answer @3 :Answer;
}
