@0x9f5d0b7c1c0a1009;
# Interfaces and their methods.

struct Query @0xc0ffee0000009001 {
  text @0 :Text;
}

struct Findings @0xc0ffee0000009002 {
  titles @0 :List(Text);
}

interface Library @0xc0ffee0000009003 {
  # Lends books.

  ping @0 () -> ();
  # Neither takes nor answers anything.

  lend @1 (title :Text, days :UInt16) -> (due :UInt32);
  # Takes several arguments, and answers one thing.

  search @2 Query -> Findings;
  # Takes and answers a struct.

  new @3 (type :Text) -> (self :Text, ref :Text);
  # Its names are keywords, or taken.

  enum Genre {
    # Nested in an interface.

    novel @0;
    poem @1;
  }

  shelve @4 (genre :Genre) -> ();
}

interface Empty @0xc0ffee0000009004 {
  # Has no method.
}
