@0x9f5d0b7c1c0a1005;
# Lists of everything, and lists of lists.

using Enums = import "enums.capnp";

struct Item @0xc0ffee0000005001 {
  name @0 :Text;
}

struct Lists @0xc0ffee0000005002 {
  nothings @0 :List(Void);
  truths @1 :List(Bool);
  numbers @2 :List(Int32);
  ratios @3 :List(Float64);
  names @4 :List(Text);
  chunks @5 :List(Data);
  colors @6 :List(Enums.Color);
  items @7 :List(Item);
  table @8 :List(List(UInt8));
  words @9 :List(List(Text));
  deep @10 :List(List(List(Item)));
  shades @11 :List(List(Enums.Color));
}
