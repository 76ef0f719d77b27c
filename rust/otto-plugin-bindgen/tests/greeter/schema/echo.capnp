@0xb7a1c3d2e4f50101;
# Answers what it is sent: one method for each kind of type.

using Capabilities = import "../../schemas/capabilities.capnp";
using Enums = import "../../schemas/enums.capnp";
using Groups = import "../../schemas/groups.capnp";
using Lists = import "../../schemas/lists.capnp";
using Maps = import "../../schemas/maps.capnp";
using Options = import "../../schemas/options.capnp";
using Recursion = import "../../schemas/recursion.capnp";
using Scalars = import "../../schemas/scalars.capnp";
using Unions = import "../../schemas/unions.capnp";

interface Echo @0xb7a1c3d2e4f50102 {
  scalars @0 (value :Scalars.Scalars) -> (value :Scalars.Scalars);
  defaults @1 (value :Scalars.Defaults) -> (value :Scalars.Defaults);
  painted @2 (value :Enums.Painted) -> (value :Enums.Painted);
  letter @3 (value :Groups.Letter) -> (value :Groups.Letter);
  lists @4 (value :Lists.Lists) -> (value :Lists.Lists);
  maps @5 (value :Maps.Maps) -> (value :Maps.Maps);
  person @6 (value :Options.Person) -> (value :Options.Person);
  chain @7 (value :Recursion.Chain) -> (value :Recursion.Chain);
  expression @8 (value :Recursion.Expression) -> (value :Recursion.Expression);
  object @9 (value :Recursion.Value) -> (value :Recursion.Value);
  shapes @10 (value :List(Unions.Shape)) -> (value :List(Unions.Shape));
  delivery @11 (value :Unions.Delivery) -> (value :Unions.Delivery);
  house @12 (value :Capabilities.House) -> (value :Capabilities.House);
}
