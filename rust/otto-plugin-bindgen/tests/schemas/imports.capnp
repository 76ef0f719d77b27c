@0x9f5d0b7c1c0a100f;
# Types of other files: of the same bindings, and of Otto's.

using Appfile = import "/otto/appfile.capnp";
using Error = import "/otto/error.capnp";
using Host = import "/otto/host.capnp";
using Names = import "names.capnp";
using Stream = import "/otto/stream.capnp";

struct Imports @0xc0ffee000000f001 {
  inner @0 :Names.Outer.Inner;
  location @1 :Error.Location;
  kind @2 :Error.ErrorKind = denied;
  config @3 :List(Appfile.Member);
}

interface Importer @0xc0ffee000000f002 {
  copy @0 (from :Imports, to :Stream.ByteStream) -> (error :Error.Error);

  infra @1 (host :Host.Host) -> Host.GetInfraResults;
  # Answers a struct of another file, with an error in it.
}
