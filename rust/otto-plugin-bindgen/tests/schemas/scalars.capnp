@0x9f5d0b7c1c0a1001;
# Plain values, and what they are where nothing is said.

struct Scalars @0xc0ffee0000001001 {
  nothing @0 :Void;
  truth @1 :Bool;
  tiny @2 :Int8;
  short @3 :Int16;
  medium @4 :Int32;
  long @5 :Int64;
  tinyCount @6 :UInt8;
  shortCount @7 :UInt16;
  mediumCount @8 :UInt32;
  longCount @9 :UInt64;
  ratio @10 :Float32;
  exactRatio @11 :Float64;
  name @12 :Text;
  bytes @13 :Data;
}

struct Defaults @0xc0ffee0000001002 {
  # Each field has a default of its own.

  truth @0 :Bool = true;
  low @1 :Int8 = -128;
  lowest @2 :Int64 = -9223372036854775808;
  high @3 :UInt64 = 18446744073709551615;
  tenth @4 :Float32 = 0.1;
  minusHalf @5 :Float64 = -0.5;
  endless @6 :Float64 = -inf;
  undefined @7 :Float64 = nan;
  name @8 :Text = "a \"name\"";
  bytes @9 :Data = 0x"00 ff";
  plain @10 :UInt16;
}
