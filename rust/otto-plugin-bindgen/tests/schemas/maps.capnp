@0x9f5d0b7c1c0a1007;
# Lists of keys and values.

struct Setting @0xc0ffee0000007001 {
  # Nothing but a key and a value: a list of these is a map.

  key @0 :Text;
  value @1 :Int32;
}

struct Words @0xc0ffee0000007002 {
  key @0 :Text;
  value @1 :List(Text);
}

struct Numbered @0xc0ffee0000007003 {
  # The key is no text: a list of these is a list.

  key @0 :UInt32;
  value @1 :Text;
}

struct Noted @0xc0ffee0000007004 {
  # There is something else: a list of these is a list.

  key @0 :Text;
  value @1 :Text;
  note @2 :Text;
}

struct Maps @0xc0ffee0000007005 {
  settings @0 :List(Setting);
  words @1 :List(Words);
  numbered @2 :List(Numbered);
  noted @3 :List(Noted);
  sheets @4 :List(List(Setting));
}
