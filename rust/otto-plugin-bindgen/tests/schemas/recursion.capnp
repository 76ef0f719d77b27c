@0x9f5d0b7c1c0a1006;
# Structs that hold themselves.

struct Value @0xc0ffee0000006001 {
  # Through a list, and through a map.

  union {
    null @0 :Void;
    number @1 :Float64;
    list @2 :List(Value);
    object @3 :List(Member);
  }
}

struct Member @0xc0ffee0000006002 {
  key @0 :Text;
  value @1 :Value;
}

struct Chain @0xc0ffee0000006003 {
  # Directly: a null pointer is the end.

  name @0 :Text;
  next @1 :Chain;
}

struct Expression @0xc0ffee0000006004 {
  # Directly, in a union.

  union {
    number @0 :Float64;
    negative @1 :Expression;

    sum :group {
      left @2 :Expression;
      right @3 :Expression;
    }
  }
}

struct Folder @0xc0ffee0000006005 {
  # By way of another, which need not hold it.

  name @0 :Text;
  entry @1 :Entry;
}

struct Entry @0xc0ffee0000006006 {
  inside :union {
    none @0 :Void;
    folder @1 :Folder;
  }
}

struct Husband @0xc0ffee0000006007 {
  # By way of another, which always does.

  wife @0 :Wife;
}

struct Wife @0xc0ffee0000006008 {
  husband @0 :Husband;
}
